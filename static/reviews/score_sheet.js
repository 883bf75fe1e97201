// The expert's score sheet: shows the weighted total while one types and stores the sheet by itself.
// The server counts the total that counts; without this script the buttons do the same.
(function () {
  "use strict";

  const form = document.getElementById("score-sheet");
  if (!form) return;
  const place = document.getElementById("score-total");
  const state = document.getElementById("save-state");
  const inputs = Array.from(form.querySelectorAll("input[data-weight]"));
  const WAIT = 2000;
  let timer = null;
  let sending = false;
  let changed = false;

  function number(text) {
    const plain = text.normalize("NFKC").replace(/,/g, "").trim();
    return plain === "" ? null : Number(plain);
  }

  function showTotal() {
    let total = 0;
    for (const input of inputs) {
      const value = number(input.value);
      const most = Number(input.dataset.max);
      if (value === null || !(value >= 0 && value <= most)) {
        place.textContent = "—";
        return;
      }
      total += (value / most) * Number(input.dataset.weight);
    }
    place.textContent = total.toFixed(2);
  }

  async function store() {
    if (sending) {
      timer = setTimeout(store, WAIT);
      return;
    }
    sending = true;
    changed = false;
    const data = new FormData(form);
    data.set("do", "autosave");
    try {
      const answer = await fetch(form.action || location.href, {
        method: "POST",
        body: data,
        credentials: "same-origin",
        redirect: "manual",
      });
      const json = answer.ok || answer.status === 422 ? await answer.json() : null;
      if (json && json.saved) state.textContent = [state.dataset.saved + " " + json.saved, ...json.faults].join(" · ");
      else state.textContent = json && json.error ? json.error : state.dataset.failed;
    } catch (fault) {
      state.textContent = state.dataset.failed;
      changed = true;
    }
    sending = false;
  }

  form.addEventListener("input", () => {
    showTotal();
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(store, WAIT);
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    clearTimeout(timer);
    changed = false;
  });
  window.addEventListener("pageshow", () => delete form.dataset.sent);
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
  showTotal();
})();
