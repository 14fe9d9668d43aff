// Traces: from a number or an artifact down to the raw files, read from the record that the page carries.

ntcspec.trace = {};

// element("p", {class: "x"}, "text", child): what users wrote only ever becomes text.
ntcspec.element = (name, attributes = {}, ...children) => {
  const one = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.append(...children);
  return one;
};

ntcspec.trace.load = () => {
  if (ntcspec.trace.record) return;
  ntcspec.trace.record = JSON.parse(document.getElementById("ntcspec-record").textContent);
  const { texts, rows } = JSON.parse(document.getElementById("metrics-data").textContent);
  ntcspec.trace.metrics = new Map(
    rows.map(([path, metric, unit, method, reason, value, u_stat, u_sys]) => [
      `${texts[path]}\n${texts[metric]}`,
      { unit: texts[unit], method: texts[method], reason: texts[reason], value, u_stat, u_sys },
    ]),
  );
};

ntcspec.trace.recordOf = (path) => {
  const { record } = ntcspec.trace;
  return path === "results/report.html" ? record : record.ancestry[path];
};

ntcspec.trace.link = (path) => `#trace=${encodeURIComponent(path).replaceAll("%2F", "/")}`;

// Raw files behind a record, each once, in the order in which they are met.
ntcspec.trace.raw = (record) => {
  const found = new Map();
  const seen = new Set();
  const waiting = [record];
  while (waiting.length) {
    for (const input of waiting.shift().inputs) {
      if (input.root === "raw") found.set(input.path, found.get(input.path) || input);
      else if (!seen.has(input.path) && ntcspec.trace.recordOf(input.path)) {
        seen.add(input.path);
        waiting.push(ntcspec.trace.recordOf(input.path));
      }
    }
  }
  return [...found.values()];
};

ntcspec.trace.facts = (pairs) => {
  const { element } = ntcspec;
  const list = element("dl", { class: "facts" });
  for (const [name, value] of pairs) {
    if (value !== "" && value !== undefined && value !== null) {
      list.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
    }
  }
  return list;
};

ntcspec.trace.parameters = (record) => {
  const { element } = ntcspec;
  const words = JSON.stringify(record.parameters, null, 1);
  const box = element("details", {}, element("summary", {}, "parameters"));
  box.addEventListener("toggle", () => box.lastChild.tagName === "PRE" || box.append(element("pre", {}, words)), { once: true });
  return box;
};

ntcspec.trace.code = (record) => {
  const packages = Object.entries(record.packages).map(([name, version]) => `${name} ${version}`);
  return `${record.code.fingerprint}; ${[`ntcspec ${record.ntcspec}`, `Python ${record.python}`, ...packages].join(", ")}`;
};

// One input of a record as a line of the tree. What is below it is built when it is opened.
ntcspec.trace.node = (input, depth) => {
  const { element, trace } = ntcspec;
  const hash = element("small", {}, `${input.role}, ${input.bytes} bytes, sha256 `, element("code", {}, input.sha256));
  if (input.root === "raw") {
    return element("li", { class: "raw" }, element("strong", {}, "raw file "), input.path, element("br"), hash);
  }
  const record = trace.recordOf(input.path);
  if (!record) return element("li", {}, input.path, element("br"), hash);
  const box = element("details", {}, element("summary", {}, input.path, element("br"), hash));
  const fill = () => box.childElementCount > 1 || box.append(trace.inside(record, depth + 1));
  box.addEventListener("toggle", () => box.open && fill());
  if (depth < 1) {
    fill();
    box.open = true;
  }
  return element("li", {}, box);
};

ntcspec.trace.inside = (record, depth) => {
  const { element, trace } = ntcspec;
  const box = element("div", { class: "inside" });
  box.append(
    trace.facts([["stage", `${record.technique || "study"}: ${record.stage}`], ["code", trace.code(record)], ["key", record.key]]),
    trace.parameters(record),
  );
  const few = record.inputs.length <= 12;
  if (record.inputs.length) {
    const list = element("ul", { class: "tree" });
    for (const input of record.inputs) list.append(trace.node(input, few ? depth : 9));
    box.append(list);
  }
  return box;
};

ntcspec.trace.number = (found, metric) => {
  const { element, trace } = ntcspec;
  const unit = found.unit === "1" ? "" : ` ${found.unit}`;
  const amount = (text) => (text ? text + unit : found.value ? "not known" : "");
  return element(
    "section",
    { class: "number" },
    element("h3", {}, metric),
    trace.facts([
      ["value", found.value ? found.value + unit : "missing"],
      ["reason", found.reason],
      ["statistical standard uncertainty", amount(found.u_stat)],
      ["systematic uncertainty", amount(found.u_sys)],
      ["how", found.method],
    ]),
  );
};

ntcspec.trace.build = (path, metric) => {
  const { element, trace } = ntcspec;
  trace.load();
  const body = element("div");
  const record = trace.recordOf(path);
  if (!record) {
    body.append(element("p", {}, `This page knows no artifact “${path}”.`));
    return body;
  }
  const found = trace.metrics.get(`${path}\n${metric}`);
  if (found) body.append(trace.number(found, metric));
  else if (metric) body.append(element("p", {}, `This artifact holds no metric “${metric}”.`));
  const relative = path.split("/").slice(1).map(encodeURIComponent).join("/");
  const about = [["file", element("a", { href: relative }, path)], ["sample", record.sample], ["measurement", record.measurement]];
  if (record.simulated) about.push(["data", element("strong", { class: "tag" }, "SIMULATED")]);
  body.append(element("h3", {}, "Artifact"), trace.facts(about));
  const raw = trace.raw(record);
  const list = element("ul", { class: "rawlist" });
  for (const one of raw) {
    list.append(element("li", {}, one.path, element("br"), element("small", {}, `${one.bytes} bytes, sha256 `, element("code", {}, one.sha256))));
  }
  const box = element("details", {}, element("summary", {}, `Raw files behind it: ${raw.length}`), list);
  box.open = raw.length <= 12;
  body.append(box, element("h3", {}, "How it was made"), trace.inside(record, 0));
  const command = element("code", {}, `ntcspec trace ${path}`);
  body.append(element("p", {}, element("small", {}, "The same in a terminal: ", command, "; ntcspec verify recomputes the hashes.")));
  return body;
};

// Open or close the dialog as the address says: #trace=PATH&metric=NAME.
ntcspec.trace.follow = () => {
  const dialog = document.getElementById("trace");
  const asked = /^#trace=([^&]*)(?:&metric=(.*))?$/.exec(location.hash);
  if (!asked) {
    if (dialog.open) dialog.close();
    return;
  }
  const [path, metric] = [asked[1], asked[2] || ""].map((text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  });
  document.getElementById("trace-title").textContent = metric ? `Trace of ${metric}` : "Trace";
  document.getElementById("trace-body").replaceChildren(ntcspec.trace.build(path, metric));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
};

ntcspec.trace.start = () => {
  const dialog = document.getElementById("trace");
  let from = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#trace="]');
    if (!link) return;
    if (!dialog.open) from = link;
    if (link.hash === location.hash) ntcspec.trace.follow();
  });
  document.getElementById("trace-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    if (location.hash.startsWith("#trace=")) history.replaceState(null, "", location.pathname + location.search);
    if (from) from.focus({ preventScroll: true });
    from = null;
  });
  window.addEventListener("hashchange", ntcspec.trace.follow);
  ntcspec.trace.follow();
};
