// Rows of forms: added, moved, taken out and put back. `jbRows.start(form)` shows the buttons, `jbRows.growFor`
// adds rows that were there before a reload, `jbRows.name` says anew which row a button moves. Rows stay where they are and hand their texts on, so that the
// names of the inputs keep their order; without scripts a row is taken out by emptying it.
(function () {
  "use strict";

  const TEXTS = "input:not([type=hidden]):not([type=checkbox]):not([type=radio]), textarea";

  // ---- adding ----

  function addForm(box) {
    const total = box.querySelector(`[name="${box.dataset.formset}-TOTAL_FORMS"]`);
    const number = Number(total.value);
    const holder = document.createElement("template");
    holder.innerHTML = box.querySelector("template").innerHTML.replaceAll("__prefix__", String(number));
    const row = holder.content.firstElementChild;
    row.querySelector("[data-number]").textContent = String(number + 1);
    box.querySelector("[data-forms]").append(row);
    total.value = String(number + 1);
    showMoves(row);
    return row;
  }

  function addRow(table) {
    const rows = table.querySelectorAll("[data-row]");
    const last = rows[rows.length - 1];
    const row = last.cloneNode(true);
    row.querySelectorAll("datalist").forEach((list) => list.remove());
    row.querySelectorAll("input, select, textarea").forEach((input) => {
      const raise = (text) => text.replace(/-(\d+)-([^-]+)$/, (whole, n, code) => `-${Number(n) + 1}-${code}`);
      input.name = raise(input.name);
      input.id = raise(input.id);
      input.value = "";
      input.classList.remove("is-invalid");
      input.removeAttribute("list");
    });
    last.after(row);
    nameMoves(row);
    return row;
  }

  function tableOf(button) {
    const box = button.closest("[data-grow]").previousElementSibling;
    return box.matches("[data-rows]") ? box : box.querySelector("[data-rows]");
  }

  // Rows that were added before a reload are added again before their text is put back.
  function growFor(form, values) {
    form.querySelectorAll("[data-formset]").forEach((box) => {
      const name = `${box.dataset.formset}-TOTAL_FORMS`;
      const wanted = values[name] ? Number(values[name][0]) : 0;
      const total = box.querySelector(`[name="${name}"]`);
      while (Number(total.value) < wanted) addForm(box);
      Object.keys(values).forEach((key) => {
        const found = key.startsWith(`${box.dataset.formset}-`) && key.match(/-(\d+)-[^-]+$/);
        while (found && Number(total.value) <= Number(found[1])) addForm(box);
      });
    });
    Object.keys(values).forEach((name) => {
      const found = name.match(/^(a-.+)-(\d+)-([^-]+)$/);
      if (!found) return;
      const first = form.querySelector(`[name="${CSS.escape(`${found[1]}-0-${found[3]}`)}"]`);
      const table = first && first.closest("[data-rows]");
      let guard = 0;
      while (table && !form.querySelector(`[name="${CSS.escape(name)}"]`) && guard++ < 60) addRow(table);
    });
  }

  // More rows than the form takes would be lost without a word.
  function isFull(button) {
    const box = button.closest("[data-formset]");
    if (!box) return false;
    const figure = (name) => Number(box.querySelector(`[name="${box.dataset.formset}-${name}_FORMS"]`).value);
    if (figure("TOTAL") < figure("MAX_NUM")) return false;
    button.setAttribute("aria-disabled", "true");
    button.textContent = button.dataset.full;
    return true;
  }

  function grow(button) {
    if (isFull(button)) return;
    const row = button.hasAttribute("data-add-form")
      ? addForm(button.closest("[data-formset]"))
      : addRow(tableOf(button));
    const first = row.querySelector("input:not([type=hidden]), select, textarea");
    if (first) first.focus();
  }

  // ---- moving ----

  function inputsOf(row) {
    return Array.from(row.querySelectorAll("input, select, textarea"));
  }

  function read(row) {
    return inputsOf(row).map((input) => ({ value: input.value, checked: input.checked }));
  }

  // What changed says so: sums and autosave listen.
  function write(row, texts) {
    inputsOf(row).forEach((input, place) => {
      const { value, checked } = texts ? texts[place] : { value: "", checked: false };
      const isBox = input.type === "checkbox" || input.type === "radio";
      if (isBox ? input.checked === checked : input.value === value) return;
      if (isBox) input.checked = checked;
      else input.value = value;
      input.classList.remove("is-invalid");
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }

  function isBlank(row) {
    const texts = Array.from(row.querySelectorAll(TEXTS));
    const asked = texts.length ? texts : Array.from(row.querySelectorAll("select"));
    return asked.every((input) => !input.value.trim());
  }

  function rowsOf(row) {
    const rows = Array.from(row.parentElement.children).filter((one) => !one.hidden);
    return rows.filter((one) => one === row || !isBlank(one));
  }

  // The cursor goes along with what was moved.
  function move(row, button) {
    const rows = rowsOf(row);
    const other = rows[rows.indexOf(row) + (button.dataset.rowDo === "up" ? -1 : 1)];
    if (!other) return;
    const [mine, theirs] = [read(row), read(other)];
    write(row, theirs);
    write(other, mine);
    other.querySelector(`[data-row-do="${button.dataset.rowDo}"]`).focus();
  }

  // The rows below come up by one; what was taken out can be put back at once.
  function takeOut(row) {
    const rows = Array.from(row.parentElement.children);
    const place = rows.indexOf(row);
    if (isBlank(row)) return;
    const back = row.closest("[data-table]").querySelector("[data-row-back]");
    back.texts = read(row);
    back.place = place;
    rows.slice(place).forEach((one, index) => write(one, rows[place + index + 1] && read(rows[place + index + 1])));
    back.textContent = back.dataset.label.replace("{n}", place + 1);
    back.hidden = false;
    back.focus();
  }

  function putBack(button) {
    const table = tableOf(button);
    if (!isBlank([...table.querySelectorAll("[data-row]")].at(-1))) addRow(table);
    const rows = Array.from(table.querySelectorAll("[data-row]"));
    for (let place = rows.length - 1; place > button.place; place -= 1) write(rows[place], read(rows[place - 1]));
    write(rows[button.place], button.texts);
    rows[button.place].querySelector("input:not([type=hidden]), select, textarea").focus();
    button.hidden = true;
  }

  function nameMoves(row) {
    const place = Array.from(row.parentElement.children).filter((one) => !one.hidden).indexOf(row) + 1;
    row.querySelectorAll("[data-row-do]").forEach((button) => {
      button.setAttribute("aria-label", button.dataset.label.replace("{n}", place));
      button.title = button.getAttribute("aria-label");
    });
  }

  function showMoves(root) {
    root.querySelectorAll("[data-row-tools]").forEach((tools) => (tools.hidden = false));
    root.querySelectorAll("[data-row-do]").forEach((button) => nameMoves(button.closest("[data-row]")));
  }

  function start(form) {
    form.querySelectorAll("[data-add-form], [data-add-row]").forEach((button) => (button.hidden = false));
    showMoves(form);
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-add-form], [data-add-row], [data-row-do], [data-row-back]");
      if (!button) return;
      if (button.hasAttribute("data-row-back")) putBack(button);
      else if (!button.dataset.rowDo) grow(button);
      else if (button.dataset.rowDo === "out") takeOut(button.closest("[data-row]"));
      else move(button.closest("[data-row]"), button);
    });
  }

  window.jbRows = { start, growFor, name: nameMoves };
  // A form that is handed in at once; one that saves itself starts its rows when it is ready.
  document.querySelectorAll("form[data-rows-form]").forEach(start);
})();
