// The portal's own behaviour. Every page works without it; all words stand in #script-texts.
(function () {
  "use strict";

  const texts = document.getElementById("script-texts").dataset;
  const MINUTE = 60000;

  function fill(pattern, values) {
    return pattern.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
  }

  function leftInWords(milliseconds, exact) {
    const which = milliseconds > 0 ? "left" : "past";
    const minutes = Math.max(1, Math.floor(Math.abs(milliseconds) / MINUTE));
    const values = { d: Math.floor(minutes / 1440), h: Math.floor((minutes % 1440) / 60), m: minutes % 60 };
    if (values.d > 0) return fill(texts[`${which}${exact ? "Exact" : "Days"}`], values);
    if (values.h > 0) return fill(texts[`${which}Hours`], values);
    return fill(texts[`${which}Minutes`], values);
  }

  // The server says what is left when the page was made; this keeps it true while the page stays open.
  function updateCountdowns() {
    document.querySelectorAll("[data-countdown]").forEach((place) => {
      const words = leftInWords(new Date(place.dataset.countdown) - Date.now(), "countdownExact" in place.dataset);
      if (place.textContent !== words) place.textContent = words;
    });
  }

  function showProblem(text, link) {
    const box = document.getElementById("messages");
    const message = document.createElement("div");
    message.className = "jb-message jb-message-error";
    message.setAttribute("role", "alert");
    message.textContent = text;
    if (link) {
      const anchor = document.createElement("a");
      anchor.href = link.url;
      anchor.target = "_blank";
      anchor.rel = "noopener";
      anchor.textContent = link.text;
      message.append(" ", anchor);
    }
    box.replaceChildren(message);
    message.scrollIntoView({ block: "nearest" });
  }

  // The cursor stood at `at`, in what `part` took the place of.
  function jbFocus(part, at) {
    const told = (one) => [one.textContent, one.getAttribute("href"), one.name, one.value].join();
    const alike = Array.from(part.querySelectorAll("a[href], button")).filter((one) => told(one) === told(at));
    const same = alike.length === 1 && alike[0];
    if (!same && !part.hasAttribute("tabindex")) part.setAttribute("tabindex", "-1");
    (same || part).focus({ preventScroll: true });
  }
  window.jbFocus = jbFocus;

  function focusProblems(root) {
    const summary = root.querySelector("[data-focus]");
    if (summary) summary.focus();
  }

  // A fragment request that was redirected to the sign-in page must not replace what a person typed.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const answered = event.detail.xhr.responseURL;
    const signIn = texts.signInUrl;
    if (!answered || !signIn || event.detail.pathInfo.requestPath.startsWith(signIn)) return;
    if (new URL(answered, location.href).pathname === signIn) {
      event.detail.shouldSwap = false;
      showProblem(texts.signedOut, { url: signIn, text: texts.signIn });
    }
  });
  // Whoever pressed a button in a part that is replaced goes on at the same button or link, or in that part,
  // not at the top of the page.
  let held = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const at = document.activeElement;
    held = event.detail.target.contains(at) ? { id: event.detail.target.id, at } : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    const part = held && document.activeElement === document.body && document.getElementById(held.id);
    if (part) jbFocus(part, held.at);
    held = null;
  });
  document.addEventListener("htmx:responseError", () => showProblem(texts.failed));
  document.addEventListener("htmx:sendError", () => showProblem(texts.offline));
  document.addEventListener("htmx:afterSwap", (event) => {
    updateCountdowns();
    focusProblems(event.detail.target);
  });

  // Menus made of <details>: close on Escape and on a click elsewhere.
  function closeMenus(except) {
    document.querySelectorAll("details.jb-menu[open]").forEach((menu) => {
      if (menu !== except) menu.removeAttribute("open");
    });
  }
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.jb-menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.jb-menu[open]");
    if (open) {
      open.removeAttribute("open");
      open.querySelector("summary").focus();
    }
  });

  // One click sends a form once. The server refuses the second as well; this spares the person the refusal.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post") || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.querySelectorAll("button[type=submit], button:not([type])").forEach((b) => b.setAttribute("aria-disabled", "true"));
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled"));
    });
  });

  // Filters send themselves when a choice changes; without scripts the button does it. The Enter key changes
  // a line of text and sends it: once is enough, a second answer would take the cursor out of the first.
  let changed = null;
  document.addEventListener("change", (event) => {
    changed = event.target.closest("form[data-submit-on-change]");
    setTimeout(() => changed && changed.requestSubmit());
  });
  document.addEventListener("submit", () => (changed = null), true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  updateCountdowns();
  setInterval(updateCountdowns, MINUTE / 2);
  focusProblems(document);
})();
