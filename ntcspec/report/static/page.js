// Filters, print, and the start.

ntcspec.filters = () => {
  const input = document.getElementById("metric-filter");
  const groups = [...document.querySelectorAll("details.group")];
  const open = new Map(groups.map((group) => [group, group.open]));
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const group of groups) {
      let here = 0;
      for (const row of group.querySelectorAll("tr[data-metric]")) {
        const text = `${group.dataset.group} ${row.dataset.metric}`.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        here += !row.hidden;
      }
      group.hidden = !here;
      group.open = words.length ? here > 0 : open.get(group);
      count += here;
    }
    document.getElementById("metric-count").textContent = words.length ? `${count} metrics` : "";
  };
  if (input) input.addEventListener("input", show);
  const verdict = document.getElementById("claim-filter");
  if (!verdict) return;
  verdict.addEventListener("change", () => {
    const rows = [...document.querySelectorAll("tr[data-verdict]")];
    for (const row of rows) row.hidden = Boolean(verdict.value) && row.dataset.verdict !== verdict.value;
    document.getElementById("claim-count").textContent = verdict.value ? `${rows.filter((row) => !row.hidden).length} claims` : "";
  });
};

// On paper nothing can be opened: what holds numbers and warnings is printed open, and as it was afterwards.
ntcspec.print = () => {
  let shut = [];
  window.addEventListener("beforeprint", () => {
    shut = [...document.querySelectorAll(".group, .claims details, #warnings > details")].filter((box) => !box.open);
    for (const box of shut) box.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const box of shut) box.open = false;
  });
};

document.documentElement.classList.add("script");
ntcspec.filters();
ntcspec.print();
ntcspec.trace.start();
ntcspec.charts();
