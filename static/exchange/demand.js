// After each save by itself: show the questions whose condition now holds, computed values, names of units.
// The server's word stands in data-fresh of #save-state. Without scripts the page is right after saving.
(function () {
  "use strict";

  function apply(fresh) {
    Object.entries(fresh.shown).forEach(([code, isShown]) => {
      const row = document.getElementById(`question-${code}`);
      if (row) row.hidden = !isShown;
    });
    Object.entries(fresh.texts).forEach(([id, text]) => {
      const output = document.getElementById(id);
      if (output) output.textContent = text || "—";
    });
    Object.entries(fresh.values).forEach(([name, text]) => {
      const input = document.getElementsByName(name)[0];
      if (input && !input.value && input !== document.activeElement) input.value = text;
    });
  }

  document.addEventListener("htmx:afterSwap", () => {
    const state = document.getElementById("save-state");
    if (state && state.dataset.fresh) apply(JSON.parse(state.dataset.fresh));
  });
})();
