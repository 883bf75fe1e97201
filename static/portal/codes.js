// Suggests codes of a dictionary while a person types: the matches become the options of a datalist.
// Without scripts a code or a full name is typed and checked by the server.
(function () {
  "use strict";

  const WAIT = 250;
  let number = 0;
  let timer = null;

  function listOf(input) {
    const known = input.getAttribute("list") && document.getElementById(input.getAttribute("list"));
    if (known) return known;
    const list = document.createElement("datalist");
    list.id = `codes-${(number += 1)}`;
    input.after(list);
    input.setAttribute("list", list.id);
    return list;
  }

  function suggest(input) {
    const url = `${input.dataset.codes}&q=${encodeURIComponent(input.value)}`;
    fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then((response) => (response.ok ? response.json() : { entries: [] }))
      .then((answer) => {
        const options = answer.entries.map((text) => {
          const option = document.createElement("option");
          option.value = text;
          return option;
        });
        listOf(input).replaceChildren(...options);
      })
      .catch(() => {
        // Offline: what is typed is still saved later and checked then.
      });
  }

  function soon(event) {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.dataset.codes) return;
    clearTimeout(timer);
    timer = setTimeout(() => suggest(input), event.type === "input" ? WAIT : 0);
  }

  document.addEventListener("input", soon);
  document.addEventListener("focusin", soon);
})();
