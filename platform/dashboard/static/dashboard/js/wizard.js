// The wizard saves by itself. Where that fails it says so, and whoever leaves with something unsaved is asked.
(() => {
  // What was wrong was said of another value; whether this one is right comes with the next save.
  const forgive = (field) => {
    if (!field.hasAttribute("aria-invalid")) return;
    field.removeAttribute("aria-invalid");
    document.getElementById(`${field.id}_error`)?.remove();
  };

  // The goal has no other role.
  const hideGoal = (form) => {
    const goal = form.querySelector("[name=primary_metric]:checked")?.value;
    for (const row of form.querySelectorAll("[data-metric]")) row.hidden = row.dataset.metric === goal;
  };

  const follow = (form) => {
    const said = () => document.getElementById("saved");
    let unsaved = false;

    form.addEventListener("input", () => { unsaved = true; });
    form.addEventListener("input", (event) => forgive(event.target));
    form.addEventListener("submit", () => { unsaved = false; });
    form.addEventListener("htmx:beforeRequest", (event) => {
      if (event.target === form) unsaved = false;
    });
    for (const failure of ["htmx:sendError", "htmx:responseError"]) {
      form.addEventListener(failure, (event) => {
        if (event.target !== form) return;
        unsaved = true;
        said().textContent = form.dataset.unsaved;
      });
    }
    addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("wizard");
    if (!form) return;
    follow(form);
    hideGoal(form);
    form.addEventListener("change", () => hideGoal(form));
  });
})();
