// What every page needs: times in the reader's zone, copy buttons, and details that stay open
// when a part of the page is replaced.
(() => {
  const STYLES = {
    day: { day: "numeric", month: "short" },
    clock: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
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

  let open = [];
  document.addEventListener("htmx:beforeSwap", () => {
    open = [...document.querySelectorAll("details[id][open]")].map((details) => details.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    localise(document);
  });
  document.addEventListener("htmx:oobAfterSwap", () => localise(document));
  document.addEventListener("DOMContentLoaded", () => localise(document));
})();
