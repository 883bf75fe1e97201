// The configuration desk: rows added, copied, moved and dropped; fields by kind; drag and order. Without scripts
// the order numbers and the tick boxes "delete" do the same. No words stand here.
(function () {
  "use strict";

  document.documentElement.classList.add("jd-scripted");

  // ---- rows of a part ----

  function renumber(list) {
    let number = 0;
    list.querySelectorAll(":scope > [data-row]").forEach((row) => {
      if (row.classList.contains("jd-gone")) return;
      number += 1;
      row.querySelectorAll("[data-number]").forEach((place) => (place.textContent = number));
      const order = row.querySelector("[name$='-ORDER']");
      if (order) order.value = number;
    });
  }

  function named(root, prefix, from, to) {
    const pattern = new RegExp(`(${prefix}-)${from}(?=-|$)`);
    root.querySelectorAll("[name], [id], [for]").forEach((part) => {
      ["name", "id", "for"].forEach((key) => {
        if (part.hasAttribute(key)) part.setAttribute(key, part.getAttribute(key).replace(pattern, `$1${to}`));
      });
    });
    if (root.id) root.id = root.id.replace(pattern, `$1${to}`);
  }

  function add(section, source) {
    const prefix = section.dataset.rows;
    const total = section.querySelector(`[name='${prefix}-TOTAL_FORMS']`);
    const row = section.querySelector("template").content.querySelector("[data-row]").cloneNode(true);
    named(row, prefix, "__prefix__", total.value);
    if (source) copyValues(source, row);
    total.value = Number(total.value) + 1;
    const list = section.querySelector("[data-list]");
    if (source) source.after(row);
    else list.append(row);
    renumber(list);
    showRow(row);
    const first = row.querySelector("input:not([type=hidden]):not([name$='-ORDER']):not([name$='-DELETE']), select, textarea");
    if (first) first.focus();
    changed(section);
  }

  function copyValues(source, row) {
    const key = (input) => input.name.replace(/^.*?-\d+-/, "");
    row.querySelectorAll("[name]").forEach((input) => {
      const name = key(input);
      if (["id", "ORDER", "DELETE", "code"].includes(name)) return;
      source.querySelectorAll("[name]").forEach((other) => {
        if (key(other) !== name) return;
        if (input.type === "checkbox" || input.type === "radio") {
          if (input.value === other.value) input.checked = other.checked;
        } else input.value = other.value;
      });
    });
  }

  function drop(row) {
    const box = row.querySelector("[name$='-DELETE']");
    row.classList.toggle("jd-gone", box.checked);
    renumber(row.parentElement);
  }

  function sums(section) {
    const place = section.querySelector("[data-sum]");
    if (!place) return;
    let total = 0;
    section.querySelectorAll(`[data-row]:not(.jd-gone) [name$='-${place.dataset.sum}']`).forEach((input) => {
      total += Number(input.value) || 0;
    });
    total = Math.round(total * 1000) / 1000;
    place.querySelector("b").textContent = total;
    place.classList.toggle("jd-off", total !== 100);
  }

  function changed(section) {
    sums(section);
    const form = section.closest("form");
    if (form) form.dataset.changed = "yes";
  }

  document.querySelectorAll("[data-rows]").forEach((section) => {
    section.querySelectorAll("[name$='-DELETE']:checked").forEach((box) => drop(box.closest("[data-row]")));
    renumber(section.querySelector("[data-list]"));
    sums(section);
    section.addEventListener("click", (event) => {
      const row = event.target.closest("[data-row]");
      if (event.target.closest("[data-add]")) add(section, null);
      else if (event.target.closest("[data-copy]")) add(section, row);
      else if (event.target.closest("[data-up], [data-down]")) {
        step(row, event.target, "[data-row]");
        renumber(row.parentElement);
        changed(section);
      }
    });
    section.addEventListener("change", (event) => {
      if (event.target.name && event.target.name.endsWith("-DELETE")) drop(event.target.closest("[data-row]"));
      sums(section);
    });
    section.addEventListener("input", () => sums(section));
  });

  // ---- order, by button and by dragging ----

  function step(item, button, kind) {
    const up = Boolean(button.closest("[data-up]"));
    let other = up ? item.previousElementSibling : item.nextElementSibling;
    while (other && !other.matches(kind)) other = up ? other.previousElementSibling : other.nextElementSibling;
    if (other) {
      if (up) other.before(item);
      else other.after(item);
    } else if (kind === "[data-question]") stepAcross(item, up);
    button.focus();
  }

  // The first question of a section goes up into the section before, the last one down into the next.
  function stepAcross(item, up) {
    const section = item.closest("[data-section]");
    if (!section) return;
    const next = up ? section.previousElementSibling : section.nextElementSibling;
    if (!next || !next.matches("[data-section]")) return;
    const list = next.querySelector("[data-questions]");
    if (up) list.append(item);
    else list.prepend(item);
  }

  function moved(place) {
    const form = place.closest("[data-outline]");
    const bar = form && form.querySelector("[data-order-bar]");
    if (bar) bar.hidden = false;
    const section = place.closest("[data-rows]");
    if (section) {
      renumber(section.querySelector("[data-list]"));
      changed(section);
    }
  }

  document.querySelectorAll("[data-outline]").forEach((form) => {
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-up], [data-down]");
      if (button) {
        const question = button.closest("[data-question]");
        step(question || button.closest("[data-section]"), button, question ? "[data-question]" : "[data-section]");
        moved(button);
      }
    });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-confirm]");
    if (button && !window.confirm(button.dataset.confirm)) event.preventDefault();
  });

  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip) return;
    const kind = grip.closest("[data-row]") ? "[data-row]" : grip.closest("[data-question]") ? "[data-question]" : "[data-section]";
    const item = grip.closest(kind);
    event.preventDefault();
    item.classList.add("jd-dragged");
    const root = kind === "[data-row]" ? item.parentElement : item.closest("[data-outline]");
    function over(move) {
      const under = document.elementFromPoint(move.clientX, move.clientY);
      const target = under && under.closest(kind);
      if (target && target !== item && root.contains(target)) {
        const box = target.getBoundingClientRect();
        if (move.clientY < box.top + box.height / 2) target.before(item);
        else target.after(item);
      } else if (kind === "[data-question]" && under) {
        const list = under.closest("[data-section]");
        const rows = list && list.querySelector("[data-questions]");
        if (rows && !rows.contains(item) && !rows.querySelector(kind)) rows.append(item);
      }
    }
    function end() {
      item.classList.remove("jd-dragged");
      document.removeEventListener("pointermove", over);
      moved(item);
    }
    document.addEventListener("pointermove", over);
    document.addEventListener("pointerup", end, { once: true });
  });

  // ---- fields by kind ----

  document.querySelectorAll("[data-kind-form]").forEach((form) => {
    const kind = form.querySelector("[name=kind]");
    const shown = form.querySelector("[name=shown_when]");
    function show() {
      let any = false;
      form.querySelectorAll("[data-kinds]").forEach((place) => {
        place.hidden = !place.dataset.kinds.split(" ").includes(kind.value);
        any = any || !place.hidden;
      });
      form.querySelectorAll("[data-no-settings]").forEach((place) => (place.hidden = any));
      form.querySelectorAll("[data-custom]").forEach((place) => (place.hidden = shown.value !== "custom"));
    }
    kind.addEventListener("change", show);
    if (shown) shown.addEventListener("change", show);
    show();
  });

  // A row shows what its kind asks for, and what was filled in or is wrong whatever the kind.
  function showRow(row) {
    const kind = row.querySelector("select[name$='-kind']");
    row.querySelectorAll("[data-kinds]").forEach((place) => {
      const input = place.querySelector("input");
      const filled = input && (input.type === "checkbox" ? input.checked : input.value !== "");
      const wanted = kind && place.dataset.kinds.split(" ").includes(kind.value);
      place.hidden = !wanted && !filled && !place.classList.contains("jd-wrong");
    });
  }
  document.querySelectorAll("[data-row]").forEach(showRow);
  document.addEventListener("change", (event) => {
    const row = event.target.matches("select[name$='-kind']") && event.target.closest("[data-row]");
    if (row) showRow(row);
  });

  // ---- small things ----

  const search = document.querySelector("[data-filter]");
  if (search) {
    search.addEventListener("input", () => {
      const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      document.querySelectorAll("[data-filter-group]").forEach((group) => {
        let any = false;
        group.querySelectorAll("[data-filter-item]").forEach((item) => {
          item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
          any = any || !item.hidden;
        });
        group.hidden = !any;
      });
    });
  }
  document.querySelectorAll("[data-submit]").forEach((input) => input.addEventListener("change", () => input.form.submit()));
  document.querySelectorAll("[data-width]").forEach((button) => {
    button.addEventListener("click", () => {
      document.querySelectorAll("[data-width]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      document.querySelector(".jd-stage").classList.toggle("jd-stage-phone", button.dataset.width === "phone");
    });
  });
  document.querySelectorAll("form[data-guard]").forEach((form) => {
    form.addEventListener("input", () => (form.dataset.changed = "yes"));
    form.addEventListener("submit", () => delete form.dataset.changed);
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-changed]")) event.preventDefault();
  });
  const renewing = document.querySelector("[data-renew]");
  if (renewing) setTimeout(() => window.location.reload(), 1000 * Number(renewing.dataset.renew));
  const wrong = document.querySelector(".jd-wrong input, .jd-wrong select, .jd-wrong textarea");
  if (wrong) wrong.focus();
})();
