// Loaded before the first paint. The chosen theme is a cookie, so the server paints it from the start;
// choosing what the system prefers anyway drops the cookie and follows the system again.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const current = () => root.dataset.theme || (system.matches ? "dark" : "light");

  const name = () => {
    const other = current() === "dark" ? "light" : "dark";
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.setAttribute("aria-label", `Switch to the ${other} theme`);
      button.title = `Switch to the ${other} theme`;
      button.querySelector("[data-when=dark]").hidden = current() !== "dark";
      button.querySelector("[data-when=light]").hidden = current() === "dark";
    }
    document.dispatchEvent(new CustomEvent("winnow:theme"));
  };

  const choose = (theme) => {
    const follow = theme === (system.matches ? "dark" : "light");
    root.dataset.theme = follow ? "" : theme;
    document.cookie = `theme=${root.dataset.theme};path=/;max-age=${follow ? 0 : 31536000};samesite=lax`;
    name();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) choose(current() === "dark" ? "light" : "dark");
  });
  document.addEventListener("DOMContentLoaded", name);
  system.addEventListener("change", name);
})();
