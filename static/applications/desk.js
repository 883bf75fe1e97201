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

  // From a line to where its answer stands, and back: the focus goes along, so that the keys scroll there.
  const lines = [...document.querySelectorAll(".jc-line")];
  let left = null;
  const focus = (target) => {
    if (target.tabIndex < 0) target.setAttribute("tabindex", "-1");
    target.focus();
  };
  for (const link of document.querySelectorAll("[data-jump]")) {
    link.addEventListener("click", () => {
      const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (!target) return;
      left = link;
      // The browser scrolls and marks the place first.
      setTimeout(() => focus(target));
    });
  }
  const step = (by) => {
    const now = document.activeElement.closest(".jc-line") || (left && left.closest(".jc-line"));
    const next = now ? lines[lines.indexOf(now) + by] : lines[0];
    if (next) focus(next);
    left = null;
  };
  const moves = { j: () => step(1), k: () => step(-1), b: () => { if (left) left.focus(); } };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (Object.hasOwn(moves, event.key)) {
      event.preventDefault();
      moves[event.key]();
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
