// The preview of a form: what is typed is sent, judged and forgotten; conditions and faults answer at once.
(function () {
  "use strict";

  const WAIT = 400;
  const form = document.getElementById("preview");
  let timer = 0;

  function say(place, sentences) {
    place.querySelectorAll("[data-fault]").forEach((old) => old.remove());
    sentences.forEach((sentence) => {
      const line = document.createElement("p");
      line.className = "invalid-feedback d-block";
      line.dataset.fault = "";
      line.textContent = sentence;
      place.append(line);
    });
  }

  // People, budget, milestones: faults at their inputs; conditions that these answers do not meet, in a list.
  function judge(inputs, lines) {
    form.querySelectorAll("[data-input-fault]").forEach((old) => old.remove());
    Object.entries(inputs).forEach(([name, sentences]) => {
      const input = form.querySelector(`[name="${CSS.escape(name)}"]`);
      sentences.forEach((sentence) => {
        const line = document.createElement("p");
        line.className = "invalid-feedback d-block";
        line.dataset.inputFault = "";
        line.textContent = sentence;
        (input ? input.parentElement : form).append(line);
      });
    });
    const list = document.getElementById("preview-lines");
    if (!list) return;
    list.replaceChildren();
    lines.forEach(({ clause, text, hint, state }) => {
      const item = document.createElement("li");
      item.textContent = [clause, text, state, hint].filter(Boolean).join(" · ");
      list.append(item);
    });
    list.parentElement.hidden = lines.length === 0;
  }

  async function ask() {
    const answer = await fetch(form.dataset.address, { method: "POST", body: new FormData(form) });
    if (!answer.ok) return;
    const { shown, texts, faults, inputs, lines } = await answer.json();
    judge(inputs, lines);
    Object.entries(texts).forEach(([id, text]) => {
      const place = document.getElementById(id);
      if (place) place.textContent = text || "—";
    });
    document.querySelectorAll("[data-question]").forEach((place) => {
      const code = place.dataset.question;
      if (code in shown) place.hidden = !shown[code];
      say(place, faults[code] || []);
    });
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  // Scrolled by hand: an anchor in the address would scroll the page around the frame as well.
  const at = form.dataset.at && document.getElementById("question-" + form.dataset.at);
  if (at) {
    at.classList.add("jd-at");
    window.scrollTo(0, at.getBoundingClientRect().top + window.scrollY - 16);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelectorAll("[data-add-row]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const rows = button.parentElement.querySelectorAll("tbody tr");
      const copy = rows[rows.length - 1].cloneNode(true);
      copy.querySelectorAll("[name]").forEach((input) => {
        input.name = input.name.replace(/-\d+-(?=[^-]*$)/, `-${rows.length}-`);
        input.removeAttribute("id");
        if (input.type !== "checkbox" && input.type !== "radio") input.value = "";
      });
      rows[rows.length - 1].after(copy);
    });
  });
})();
