// The desk of the formal check: keys, files read in the page, nothing typed lost without a question.
// Without this script everything is there as links and buttons.
"use strict";

(() => {
  const form = document.querySelector("form[data-desk]");
  const typing = (target) => target.closest("textarea, select, input:not([type=radio])") || target.isContentEditable;

  // One key, one link or button (data-key); never while somebody types.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const wanted = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
    if (wanted) {
      event.preventDefault();
      wanted.click();
    }
  });

  // A file's pages are fetched when it is opened, and once.
  for (const paper of document.querySelectorAll("[data-pages]")) {
    paper.addEventListener("toggle", async () => {
      const address = paper.dataset.pages;
      if (!paper.open || !address) return;
      delete paper.dataset.pages;
      const answer = await fetch(address, { credentials: "same-origin" });
      if (!answer.ok) {
        paper.dataset.pages = address;
        return;
      }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const pages = page.getElementById("pages");
      if (pages) {
        pages.removeAttribute("id");
        paper.append(document.adoptNode(pages));
      }
    });
  }

  // Marks that are not saved: the browser asks before they are left behind.
  if (!form) return;
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", (event) => {
    changed = false;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => { delete form.dataset.sent; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
})();
