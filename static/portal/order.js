// The order of a recommender: drag a row by its handle, or move it with the arrow keys; then save the order
// of this page. Without this script the buttons of each row do the same, one place at a time.
(function () {
  "use strict";

  const form = document.querySelector("form[data-order]");
  if (!form) return;
  const list = form.querySelector("ol");
  const said = document.querySelector("[data-order-said]");
  let saved = order();
  let waiting = null;

  function rows() {
    return [...list.querySelectorAll("li[data-pk]")];
  }

  function order() {
    return rows().map((row) => row.dataset.pk).join(",");
  }

  function count() {
    [...list.children].forEach((row, index) => {
      row.querySelector(".jb-place").textContent = list.start + index;
    });
  }

  async function save() {
    const wanted = order();
    if (wanted === saved) return;
    const body = new FormData(form);
    body.set("order", wanted);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const words = (await answer.json()).said;
      if (answer.ok) saved = wanted;
      else putBack();
      said.textContent = words;
    } catch {
      putBack();
      said.textContent = form.dataset.failed;
    }
  }

  function putBack() {
    const byPk = new Map(rows().map((row) => [row.dataset.pk, row]));
    saved.split(",").forEach((pk) => list.append(byPk.get(pk)));
    count();
  }

  // The neighbours that may move: rows sealed in a letter stand above them and stay.
  function step(row, up) {
    const movable = rows();
    const other = movable[movable.indexOf(row) + (up ? -1 : 1)];
    if (!other) return;
    if (up) other.before(row);
    else other.after(row);
    count();
    row.querySelector(".jb-handle").focus();
    clearTimeout(waiting);
    waiting = setTimeout(save, 600);
  }

  rows().forEach((row) => {
    const handle = row.querySelector(".jb-handle");
    handle.hidden = false;
    handle.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      step(row, event.key === "ArrowUp");
    });
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      row.classList.add("jb-dragged");
    });
    handle.addEventListener("pointermove", (event) => {
      if (!row.classList.contains("jb-dragged")) return;
      const over = rows().find((other) => {
        const box = other.getBoundingClientRect();
        return other !== row && event.clientY > box.top && event.clientY < box.bottom;
      });
      if (!over) return;
      const box = over.getBoundingClientRect();
      if (event.clientY < box.top + box.height / 2) over.before(row);
      else over.after(row);
      count();
    });
    ["pointerup", "pointercancel"].forEach((name) =>
      handle.addEventListener(name, () => {
        if (!row.classList.contains("jb-dragged")) return;
        row.classList.remove("jb-dragged");
        save();
      }),
    );
  });

  // Enter in a place presses the button beside it.
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches(".jb-place-asked")) return;
    event.preventDefault();
    event.target.nextElementSibling.click();
  });

  // Leaving before the pause is over saves at once.
  window.addEventListener("pagehide", () => {
    if (order() === saved) return;
    const body = new FormData(form);
    body.set("order", order());
    navigator.sendBeacon(form.action, body);
  });
})();
