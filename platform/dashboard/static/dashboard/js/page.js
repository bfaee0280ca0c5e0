// What every page needs: times in the reader's zone, copy buttons, and a reader who keeps their place
// when a part of the page is replaced: details stay open, focus and what is in view stay where they are.
(() => {
  const STYLES = {
    day: { day: "numeric", month: "short" },
    clock: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    second: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
    moment: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  };
  const FULL = { dateStyle: "medium", timeStyle: "long" };

  // The server writes times in this zone, except on the first page: it learns of it there.
  const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").includes(`zone=${ZONE}`);
  if (!known) document.cookie = `zone=${ZONE};path=/;max-age=31536000;samesite=lax`;

  const localise = (scope) => {
    if (known) return;
    for (const time of scope.querySelectorAll("time[data-style]")) {
      const at = new Date(time.dateTime);
      time.textContent = new Intl.DateTimeFormat("en-GB", STYLES[time.dataset.style]).format(at);
      time.title = new Intl.DateTimeFormat("en-GB", FULL).format(at);
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const said = button.querySelector("[data-copy-word]");
    try {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
      said.textContent = "Copied";
    } catch {
      said.textContent = "Select and copy by hand";
    }
    setTimeout(() => { said.textContent = "Copy"; }, 2000);
  });

  const face = (element) => [element.tagName, element.getAttribute("href"), element.ariaLabel, element.textContent.trim()].join(" ");
  const alike = (element, scope) => [...scope.querySelectorAll(element.tagName)].filter((one) => face(one) === face(element));

  // How to find an element again among those that replace it: by its id, or by its looks within what has one.
  const trace = (element) => {
    if (element.id) return () => document.getElementById(element.id);
    const id = element.closest("[id]")?.id;
    const scope = () => id && document.getElementById(id);
    const n = scope() ? alike(element, scope()).indexOf(element) : -1;
    return () => scope() && alike(element, scope())[n];
  };

  const inView = (element) => {
    const { top, bottom, height } = element.getBoundingClientRect();
    return height > 0 && bottom > 0 && top < innerHeight;
  };

  // What must not move: what has the focus, or the first that begins in view.
  const pin = (target, focused) => {
    if (target.getBoundingClientRect().top >= 0) return null;
    const begins = (one) => inView(one) && one.getBoundingClientRect().top >= 0;
    const element = focused && inView(focused) ? focused : [...target.querySelectorAll("h2, h3, summary, tr, li, p, a")].find(begins);
    return element && { find: trace(element), top: element.getBoundingClientRect().top };
  };

  let place = null;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { target } = detail;
    if (target.querySelector(".ask:popover-open")) {  // a question waits for its answer; the next poll comes
      detail.shouldSwap = false;
      return;
    }
    const focused = target.contains(document.activeElement) ? document.activeElement : null;
    place = {
      open: [...document.querySelectorAll("details[id][open]")].map((details) => details.id),
      refocus: focused && trace(focused),
      pinned: pin(target, focused),
      scrolled: scrollY,
    };
  });

  const hold = () => {
    const found = place.pinned?.find();
    const top = found ? scrollY + found.getBoundingClientRect().top - place.pinned.top : place.scrolled;
    scrollTo({ top, behavior: "instant" });
  };

  document.addEventListener("htmx:afterSwap", () => {
    localise(document);
    if (!place) return;
    for (const id of place.open) document.getElementById(id)?.setAttribute("open", "");
    if (document.activeElement === document.body) place.refocus?.()?.focus({ preventScroll: true });
    hold();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (place) hold();
    place = null;
  });
  document.addEventListener("htmx:oobAfterSwap", () => localise(document));
  document.addEventListener("DOMContentLoaded", () => localise(document));
})();
