/* Names that the theme leaves out, for those who hear the page. */
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

// Two parts of the table of contents may be called alike: number the second.
const seen = new Map();
for (const nav of document.querySelectorAll("nav[aria-label]")) {
  const name = nav.getAttribute("aria-label").trim();
  const count = (seen.get(name.toLowerCase()) ?? 0) + 1;
  seen.set(name.toLowerCase(), count);
  if (count > 1) nav.setAttribute("aria-label", `${name} (${count})`);
}

// Each code block gets a bar of buttons as it comes into view: one landmark each.
let bars = 0;

function label(bar) {
  bars += 1;
  bar.setAttribute("aria-label", `Code block ${bars}`);
}

document.querySelectorAll(".md-code__nav").forEach(label);
new MutationObserver((records) => {
  for (const { addedNodes } of records) {
    for (const node of addedNodes) {
      if (node.nodeName === "NAV" && node.classList.contains("md-code__nav")) {
        label(node);
      }
    }
  }
}).observe(document.querySelector("article") ?? document.body, {
  childList: true,
  subtree: true,
});
