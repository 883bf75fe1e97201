// Adds figures up while a person types: an input names in data-sum the ids of the sums it belongs to.
// The server says the sums again after each save; without scripts they follow the buttons.
(function () {
  "use strict";

  const DECIMALS = 6;

  // A figure as a whole number of millionths, so that no sum is off by a binary fraction.
  function read(text) {
    const plain = text.normalize("NFKC").replace(/[,\s]|万元/g, "");
    const found = plain.match(/^(\d{1,12})(?:\.(\d{0,6}))?$/);
    return found ? BigInt(found[1] + (found[2] || "").padEnd(DECIMALS, "0")) : 0n;
  }

  // As `core.money.wan_number` writes: whole, or with two to six decimals.
  function write(sum) {
    const digits = String(sum).padStart(DECIMALS + 1, "0");
    const whole = digits.slice(0, -DECIMALS);
    const decimals = digits.slice(-DECIMALS).replace(/0+$/, "");
    return decimals ? `${whole}.${decimals.padEnd(2, "0")}` : whole;
  }

  function add(root, id) {
    const place = document.getElementById(id);
    if (!place) return;
    let sum = 0n;
    root.querySelectorAll(`[data-sum~="${CSS.escape(id)}"]`).forEach((input) => (sum += read(input.value)));
    place.textContent = write(sum);
  }

  document.addEventListener("input", (event) => {
    const sums = event.target.dataset ? event.target.dataset.sum : "";
    if (sums) sums.split(" ").forEach((id) => add(document, id));
  });
})();
