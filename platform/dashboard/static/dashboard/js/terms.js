// Where the tip of a word opens, and that it also opens under a mouse that rests there. That it opens by
// click, tap and key, and closes by Escape and by a click elsewhere, is the browser's own.
(() => {
  const WAIT = 200;
  const GAP = 6;
  let word = null;
  let rested = null;
  let timer = 0;

  const tipOf = (of) => document.getElementById(of.getAttribute("popovertarget"));
  const isOpen = (tip) => tip.matches(":popover-open");

  const place = (tip) => {
    if (!word) return;
    const at = word.getBoundingClientRect();
    const box = tip.getBoundingClientRect();
    const below = at.bottom + GAP + box.height <= innerHeight || at.top < box.height + GAP;
    tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
    tip.style.top = `${below ? at.bottom + GAP : at.top - GAP - box.height}px`;
  };

  const leave = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { rested?.hidePopover(); rested = null; }, WAIT);
  };

  const rest = (on) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // A question that waits for an answer stays: another popover would close it.
      if (!on.isConnected || document.querySelector("[popover]:not(.tip):popover-open")) return;
      const tip = tipOf(on);
      if (isOpen(tip) && word === on) return;
      if (isOpen(tip)) tip.hidePopover();
      word = on;
      rested = tip;
      tip.showPopover();
    }, WAIT);
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const on = event.target.closest(".term");
    if (on) rest(on);
    else if (event.target.closest(".tip")) clearTimeout(timer);
    else leave();
  });

  document.addEventListener("click", (event) => {
    const on = event.target.closest(".term");
    if (!on) return;
    clearTimeout(timer);
    if (rested && rested === tipOf(on) && isOpen(rested)) event.preventDefault();
    rested = null;
    word = on;
  }, true);

  document.addEventListener("toggle", (event) => {
    if (event.newState === "open" && event.target.matches(".tip")) place(event.target);
  }, true);

  addEventListener("scroll", () => {
    for (const tip of document.querySelectorAll(".tip:popover-open")) tip.hidePopover();
  }, { passive: true });
})();
