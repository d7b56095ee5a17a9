/* The laboratory's page: text boxes in, a walkthrough out.

   Laws: nothing is loaded before Run or Check is pressed; a link fills the boxes and runs
   nothing; what a worker does is bounded in time, and Stop ends it at once. */
(() => {
  const LONGEST = 200000; // characters of a link
  const box = document.getElementById("lab");
  if (!box) return;
  const get = (name) => document.getElementById(`lab-${name}`);
  const instead = get("instead");
  const data = JSON.parse(get("data").textContent);
  const missing = laboratoryPython.missing(data);
  instead.hidden = !missing;
  box.hidden = !!missing;
  if (missing) {
    instead.textContent = `${missing} Below is a recorded walkthrough.`;
    return;
  }

  const fields = ["client", "application", "listing"];
  const start = get("start");
  const server = get("server");
  const focus = get("focus");
  const option = (value, words) => {
    const made = new Option(words, value);
    return made;
  };
  for (const each of data.starts) start.append(option(each.name, each.title));
  start.append(option("", "An experiment of your own"));
  let own = null; // a focus or options that came with a start point or a link
  let options = {};

  const focuses = (chapter) => {
    focus.replaceChildren();
    if (chapter) focus.append(option("chapter", "The chapter’s"));
    for (const [value, words] of Object.entries(data.focuses)) focus.append(option(value, words));
    own = chapter;
  };

  const fill = (name, which) => {
    const found = data.starts.find((each) => each.name === name);
    if (!found) return false;
    start.value = name;
    server.value = which in found.focus ? which : "daphne";
    get("client").value = found.client;
    get("application").value = found.application;
    get("listing").value = found.listings[server.value] ?? "";
    options = found.options;
    focuses(Array.isArray(found.focus[server.value]) ? found.focus[server.value] : null);
    return true;
  };

  const experiment = () => ({
    client: get("client").value,
    application: get("application").value,
    server: server.value,
    focus: focus.value === "chapter" ? own : focus.value,
    listing: get("listing").value,
    options,
  });

  const put = (each) => {
    for (const name of fields) get(name).value = String(each[name] ?? "");
    server.value = each.server === "minidaphne" ? "minidaphne" : "daphne";
    const chapter = Array.isArray(each.focus) ? each.focus.map(String) : null;
    focuses(chapter);
    focus.value = chapter ? "chapter" : each.focus in data.focuses ? each.focus : "path";
    options = typeof each.options === "object" && each.options ? each.options : {};
    start.value = "";
  };

  /* A whole experiment in the fragment of an address, which no server ever sees. */

  const through = (bytes, stream) =>
    new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer();

  const packed = async (each) => {
    const text = new TextEncoder().encode(JSON.stringify(each));
    const small = new Uint8Array(await through(text, new CompressionStream("deflate-raw")));
    const letters = Array.from(small, (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };

  const unpacked = async (text) => {
    if (text.length > LONGEST) throw new Error("too long");
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const small = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const stream = new DecompressionStream("deflate-raw");
    return JSON.parse(new TextDecoder().decode(await through(small, stream)));
  };

  const KEPT = "laboratory";
  const keep = () => {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(experiment()));
    } catch { /* without it, a reload begins anew */ }
  };

  const read = async () => {
    const words = new URLSearchParams(location.hash.slice(1));
    if (words.has("experiment")) {
      try {
        put(await unpacked(words.get("experiment")));
        tell("This experiment came with the link. Nothing has run yet: look at it, then press Run.");
      } catch {
        fill("http-get", "daphne");
        tell("This link holds no experiment that can be read.");
      }
    } else if (words.has("start")) {
      if (!fill(words.get("start"), words.get("server") ?? "daphne")) fill("http-get", "daphne");
      tell("Nothing has run yet: press Run.");
    } else if (!location.hash.startsWith("#laboratory-")) fill("http-get", "daphne");
    else {
      try {
        put(JSON.parse(sessionStorage.getItem(KEPT)));
      } catch {
        fill("http-get", "daphne");
      }
    }
  };

  /* The worker: see python.js. */

  const status = get("status");
  const tell = (words) => { status.textContent = words; };
  const busy = (yes) => {
    get("stop").setAttribute("aria-disabled", String(!yes));
    for (const name of ["run", "check", "repair"]) get(name).setAttribute("aria-disabled", String(yes));
  };
  const python = laboratoryPython(data, { tell, busy, progress: get("progress") });

  /* What came of it. */

  const made = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });
  const block = (text, label) => {
    const pre = made("pre", text, { tabIndex: 0 });
    pre.setAttribute("aria-label", label);
    pre.setAttribute("role", "group");
    return pre;
  };

  const heard = ({ said, text, bytes, size, websocket }, n, all) => {
    const parts = [];
    const which = all.length > 1 ? `Connection ${n + 1}: ` : "";
    parts.push(made("p", `${which}${size.toLocaleString("en")} bytes received`));
    if (websocket) parts.push(block(said.join("\n"), `${which}conversation`));
    else if (text) parts.push(block(text, `${which}response as text`));
    if (bytes.length) {
      const details = document.createElement("details");
      details.append(made("summary", "As bytes"), block(bytes.join("\n"), `${which}response as bytes`));
      parts.push(details);
    }
    return parts;
  };

  /* The diff of a message. */
  const difference = (lines) => {
    const pre = block("", "What was written, and what was observed");
    pre.append(...lines.map((line) => {
      const [, sign] = /^ {4}([-+]) /.exec(line) ?? [];
      return made({ "-": "del", "+": "ins" }[sign] ?? "span", `${line}\n`);
    }));
    return pre;
  };

  const bringIntoView = (box, top) => { box.scrollTop = Math.max(0, top - box.clientHeight / 3); };

  const show = (result, ran) => {
    if (ran) {
      get("response").replaceChildren(
        made("h2", "Response"),
        ...(result.connections.length ? result.connections.flatMap(heard) : [made("p", "There is none.")]),
      );
      const lines = [...(result.error ? [result.error] : []), ...result.log, ...result.notes];
      get("log").replaceChildren(made("h2", "Log"), lines.length ? block(lines.join("\n"), "Lines of the log") : made("p", "It is empty."));
    }
    if (result.html || ran) {
      get("walkthrough").innerHTML = result.html || "<p>Nothing was recorded.</p>";
      get("walkthrough").prepend(made("h2", "Walkthrough"));
      document.dispatchEvent(new Event("walkthroughs"));
    }
    if (result.listing) get("listing").value = result.listing;
    const verdict = get("verdict");
    verdict.replaceChildren();
    if (result.problem) {
      const failure = made("div", "", { className: "wt-failure" });
      const [first, ...rest] = result.problem.split("\n");
      const pre = difference(rest);
      pre.hidden = !rest.length;
      failure.append(made("strong", "This does not hold."), made("p", first), pre);
      verdict.append(failure, ...(ran ? [] : result.notes.map((note) => made("p", note))));
      const differs = pre.querySelector("del") ?? pre.querySelector("ins") ?? pre;
      bringIntoView(pre, differs.getBoundingClientRect().top - pre.getBoundingClientRect().top);
      const box = get("listing");
      const [, line = 1] = /^line (\d+)/.exec(result.problem) ?? [];
      bringIntoView(box, (line - 1) * parseFloat(getComputedStyle(box).lineHeight));
    } else if (!ran) verdict.append(made("p", result.error || [...result.notes, "The listing holds."].join(" ")));
  };

  const spent = (since) => `${((performance.now() - since) / 1000).toFixed(2)} s`;

  const run = async () => {
    const since = performance.now();
    keep();
    const result = await python.ask({ do: "run", experiment: experiment() });
    if (!result) return;
    show(result, true);
    tell(result.error || `${result.steps.length} steps recorded in ${spent(since)}.${result.problem ? " The listing does not hold: see below." : ""}`);
    box.dispatchEvent(new CustomEvent("laboratory", { detail: result }));
  };

  const judge = async (how) => {
    const result = await python.ask({ do: how, listing: get("listing").value });
    if (!result) return;
    show(result, false);
    tell(result.error || (result.problem ? "The listing does not hold: see below the listing." : "The listing holds."));
  };

  const free = (act) => () => { if (!python.asked) act(); };
  get("run").addEventListener("click", free(run));
  get("check").addEventListener("click", free(() => judge("check")));
  get("repair").addEventListener("click", free(() => judge("repair")));
  get("stop").addEventListener("click", () => python.stop("Stopped."));
  start.addEventListener("change", () => { if (start.value) fill(start.value, server.value); });
  server.addEventListener("change", () => {
    const found = data.starts.find((each) => each.name === start.value);
    if (!found) return;
    get("listing").value = found.listings[server.value] ?? "";
    focuses(Array.isArray(found.focus[server.value]) ? found.focus[server.value] : null);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
  });
  get("link").addEventListener("click", async () => {
    const address = `${location.href.split("#")[0]}#experiment=${await packed(experiment())}`;
    history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address);
      tell("The link is copied. It holds the whole experiment.");
    } catch {
      tell("The link is in the address bar. It holds the whole experiment.");
    }
  });
  addEventListener("hashchange", () => { if (/[#&](experiment|start)=/.test(location.hash)) read(); });
  read();
})();
