// How long will it take: asks anew as soon as a value changes that the answer rests on. What was asked with
// other values is dimmed while it stands there, and is not shown at all where it arrives too late.
(() => {
  const SILENT = "No answer came. Change a value to ask again.";

  const follow = (card) => {
    const form = card.closest("form");
    const body = () => card.querySelector("#outlook-body");
    const askedAt = new WeakMap(); // by request: how many changes there had been
    let changes = 0;
    const isLate = (request) => (askedAt.get(request) ?? 0) !== changes; // the first may go out before this listens

    form.addEventListener("input", (event) => {
      if (!event.target.matches(card.getAttribute("hx-include"))) return;
      changes += 1;
      body().setAttribute("aria-busy", "true");
      card.dispatchEvent(new Event("asked"));
    });

    card.addEventListener("htmx:beforeSend", (event) => askedAt.set(event.detail.xhr, changes));
    card.addEventListener("htmx:beforeSwap", (event) => {
      if (isLate(event.detail.xhr)) event.detail.shouldSwap = false;
    });
    for (const failure of ["htmx:sendError", "htmx:responseError"]) {
      card.addEventListener(failure, (event) => {
        if (isLate(event.detail.xhr)) return;
        const said = document.createElement("p");
        said.className = "card-body quiet";
        said.setAttribute("role", "status");
        said.textContent = SILENT;
        body().replaceChildren(said);
        body().removeAttribute("aria-busy");
      });
    }

    card.addEventListener("click", (event) => {
      const button = event.target.closest("[data-plan]");
      if (!button) return;
      const field = form.elements.planned_users;
      field.value = button.dataset.plan;
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  };

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".outlook").forEach(follow));
})();
