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

  // A file is stored when it is chosen; without scripts it comes with the form.
  function say(input, text, isFault) {
    const row = input.closest("[data-question]");
    let line = row.querySelector("[data-upload-state]");
    if (!line) {
      line = document.createElement("p");
      line.dataset.uploadState = "";
      line.setAttribute("role", "status");
      row.append(line);
    }
    line.className = isFault ? "invalid-feedback d-block" : "form-text";
    line.textContent = text;
  }

  async function upload(form, input) {
    const words = form.dataset;
    const files = [...input.files];
    let fault = "";
    for (const file of files) {
      try {
        const answer = await window.jbUpload.send(file, {
          url: input.dataset.upload,
          uploads: words.uploads,
          csrf: () => form.elements.csrfmiddlewaretoken.value,
          progress: (percent) => say(input, words.uploading.replace("{percent}", percent)),
          waiting: () => say(input, words.uploadWaiting),
        });
        Object.entries(answer.fragments).forEach(([id, html]) => {
          document.getElementById(id).outerHTML = html;
        });
      } catch (refused) {
        fault = refused.message || words.failed.replace("{message}", refused.status || "");
      }
    }
    if (!fault) input.value = "";
    say(input, fault, Boolean(fault));
  }

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form.id === "demand-form" && event.target.dataset.upload && event.target.files.length) {
      upload(form, event.target);
    }
  });

  document.addEventListener("htmx:afterSwap", () => {
    const state = document.getElementById("save-state");
    if (state && state.dataset.fresh) apply(JSON.parse(state.dataset.fresh));
  });
})();
