// Variant rows that come and go, the sum of their weights, and the settings of the chosen algorithm.
(() => {
  const LETTERS = "ABCDEF";

  const renumber = (form) => {
    if (!form.querySelector("[data-rows]")) return;
    const rows = [...form.querySelectorAll("[data-variant]")];
    rows.forEach((row, n) => {
      for (const field of row.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
        for (const name of ["name", "id", "for", "aria-describedby"]) {
          const value = field.getAttribute(name);
          if (value) field.setAttribute(name, value.replace(/variants-(\d+|__prefix__)-/, `variants-${n}-`));
        }
      }
      const chip = row.querySelector(".chip");
      chip.textContent = LETTERS[n];
      chip.className = `chip arm-${LETTERS[n].toLowerCase()}`;
      row.querySelector("[data-role]").textContent = n ? "" : "control";
      row.querySelector("[data-label-recommender]").textContent = `Recommender of variant ${LETTERS[n]}`;
      row.querySelector("[data-label-weight]").textContent = `Weight of variant ${LETTERS[n]}, percent`;
      const chosen = row.querySelector("select").selectedOptions[0];
      row.querySelector("[data-live]").textContent = chosen?.value ? chosen.dataset.version || "not trained yet" : "";
      const remove = row.querySelector("[data-remove]");
      remove.hidden = rows.length <= 2;
      remove.setAttribute("aria-label", `Remove variant ${LETTERS[n]}`);
    });
    form.querySelector("[name=variants-TOTAL_FORMS]").value = rows.length;
    form.querySelector("[data-add]").disabled = rows.length >= LETTERS.length;
    sum(form);
  };

  const sum = (form) => {
    const cents = [...form.querySelectorAll("[data-weight]")]
      .reduce((total, field) => total + Math.round(Number(field.value || 0) * 100), 0);
    const said = form.querySelector("[data-sum]");
    said.querySelector("strong").textContent = `${cents / 100}%`;
    said.classList.toggle("off", cents !== 10000);
  };

  const even = (form) => {
    const fields = [...form.querySelectorAll("[data-variant]")]
      .filter((row, n) => n < 2 || row.querySelector("select").value)
      .map((row) => row.querySelector("[data-weight]"));
    const each = Math.floor(10000 / fields.length);
    fields.forEach((field, n) => { field.value = (n ? each : 10000 - each * (fields.length - 1)) / 100; });
    sum(form);
  };

  // What follows the form cannot tell a weight that was typed from one that was set here.
  const typed = (form) => {
    form.querySelector("[data-weight]").dispatchEvent(new Event("input", { bubbles: true }));
  };

  const free = (form) => {
    const chosen = form.querySelector("select[name=placement]")?.selectedOptions[0];
    const said = form.querySelector("[data-free-line]");
    if (chosen?.dataset.free) {
      const lacks = Number(form.elements.traffic.value) > Number(chosen.dataset.percent);
      const { layer, free } = chosen.dataset;
      said.textContent = (lacks ? said.dataset.lacks : said.dataset.has).replace("{layer}", layer).replace("{free}", free);
      said.classList.toggle("lacks", lacks);
    }
  };

  const settings = (form) => {
    const chosen = form.querySelector("[name=algorithm]:checked")?.value;
    for (const part of form.querySelectorAll("[data-settings]")) {
      part.classList.toggle("chosen", part.dataset.settings === chosen);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form[data-experiment]")) {
      form.addEventListener("click", (event) => {
        if (event.target.closest("[data-add]")) {
          form.querySelector("[data-rows]").append(form.querySelector("template").content.cloneNode(true));
          renumber(form);
          form.querySelector("[data-variant]:last-child select").focus();
        } else if (event.target.closest("[data-remove]")) {
          event.target.closest("[data-variant]").remove();
          typed(form);
        } else if (event.target.closest("[data-even]")) {
          even(form);
          typed(form);
        }
      });
      form.addEventListener("input", () => { renumber(form); free(form); });
      renumber(form);
      free(form);
    }
    for (const form of document.querySelectorAll("form[data-register]")) {
      form.addEventListener("change", () => settings(form));
      settings(form);
    }
  });
})();
