/* The parts that a page gets: an icon, a button, a pane. */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  first: "M6 5v14M18 5l-9 7 9 7z",
  prev: "M16 5l-10 7 10 7z",
  play: "M7 4l13 8-13 8z",
  pause: "M8 5v14M16 5v14",
  next: "M8 5l10 7-10 7z",
  into: "M12 3v11M7 10l5 5 5-5M9 20h6",
  over: "M4 14a8 7 0 0 1 15-1M20 7v6h-6M10 20h4",
  out: "M12 15V4M7 8l5-5 5 5M9 20h6",
};

const STEPPING = {
  into: "Step into (i)",
  over: "Step over (o)",
  out: "Step out (u)",
};

const make = (tag, css, ...content) => {
  const element = document.createElement(tag);
  if (css) element.className = css;
  element.append(...content);
  return element;
};

const icon = (name) => {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
};

const duration = (us) =>
  us < 1000
    ? `${us} µs`
    : us < 1e6
      ? `${(us / 1000).toPrecision(3)} ms`
      : `${(us / 1e6).toPrecision(3)} s`;

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const group = (label, ...content) =>
  make("div", "", make("p", "wt-label", label), ...content);

const button = (name, title) => {
  const made = make("button", "", icon(name));
  if (name in STEPPING) made.append(make("span", "wt-word", name));
  made.type = "button";
  made.dataset.do = name;
  made.title = title;
  made.setAttribute("aria-label", title);
  return made;
};

const frame = (label) => {
  const stage = make("div", "wt-stage");
  stage.tabIndex = 0;
  stage.setAttribute("role", "group");
  stage.setAttribute("aria-label", `Stepper. ${label}. Arrow keys walk.`);
  return stage;
};

const announcer = () => {
  const live = make("p", "wt-sr");
  live.setAttribute("role", "status");
  return live;
};

const copies = (stop, what) =>
  [...stop.querySelectorAll(what)].map((part) => part.cloneNode(true));

/* A part that scrolls, and so has to be reached by key. */
const pane = (css, label) => {
  const box = make("div", css);
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", label);
  return box;
};
