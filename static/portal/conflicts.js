// Shows beside a question what somebody else stored meanwhile, and asks which of the two texts stays.
// `choose(mine)` is called with the decision; all words come from #save-state.
(function () {
  "use strict";

  function button(text, style) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `btn btn-sm ${style}`;
    made.textContent = text;
    return made;
  }

  function place(form, unit) {
    const question = form.querySelector(`[data-question="${CSS.escape(unit)}"]`);
    const input = form.querySelector(`[name="${CSS.escape(unit)}"]`);
    return question || (input && input.parentElement) || form;
  }

  function show(form, unit, conflict, words, choose) {
    const at = place(form, unit);
    const old = at.querySelector("[data-conflict]");
    if (old) old.remove();
    const box = document.createElement("div");
    box.className = "jb-conflict";
    box.dataset.conflict = unit;
    box.id = `conflict-${unit}`;
    box.setAttribute("role", "alert");
    const who = document.createElement("p");
    who.textContent = words.theirs.replace("{who}", conflict.by ? `${conflict.by} ${conflict.at} ` : words.somebody);
    const text = document.createElement("p");
    text.className = "jb-text";
    text.textContent = conflict.text;
    const mine = button(words.keepMine, "btn-outline-primary");
    const theirs = button(words.takeTheirs, "btn-outline-secondary");
    mine.addEventListener("click", () => {
      box.remove();
      choose(true);
    });
    theirs.addEventListener("click", () => {
      box.remove();
      choose(false);
    });
    const actions = document.createElement("div");
    actions.className = "jb-actions";
    actions.append(mine, theirs);
    box.append(who, text, actions);
    at.append(box);
  }

  window.jbConflicts = { show };
})();
