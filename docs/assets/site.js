/* Names that the theme leaves out, for those who hear the page. */
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

// Two parts of a page may be called alike: number the second.
const counts = new Map();
const parts = "nav[aria-label], section[aria-label], [role=region][aria-label]";
for (const part of document.querySelectorAll(parts)) {
  const name = part.getAttribute("aria-label").trim();
  const count = (counts.get(name.toLowerCase()) ?? 0) + 1;
  counts.set(name.toLowerCase(), count);
  if (count > 1) part.setAttribute("aria-label", `${name} (${count})`);
}

// Whoever chooses a version has it in all tabs: the theme sees none in a fold or far off.
{
  const tabs = [...document.querySelectorAll(".tabbed-set > input")];
  const label = (input) => document.querySelector(`label[for="${input.id}"]`);
  const called = (input) => label(input).textContent.trim();

  document.addEventListener("change", ({ target }) => {
    if (!tabs.includes(target)) return;
    for (const input of tabs) {
      if (input.checked || called(input) !== called(target)) continue;
      // What the theme sets, so as not to scroll there.
      label(input).dataset.mdSwitching = "";
      input.click();
    }
  });
  // The last one that was chosen comes first.
  for (const name of (window.__md_get?.("__tabs") ?? []).reverse()) {
    for (const input of tabs) if (called(input) === name) input.checked = true;
  }
}

// Code blocks get a bar of buttons as they come into view, and may be copied later.
let bars = 0;

function nameBars(root) {
  for (const bar of root.querySelectorAll(".md-code__nav")) {
    bars += 1;
    bar.setAttribute("aria-label", `Code block ${bars}`);
  }
}

// The theme puts a wide table into a box that scrolls: let the keyboard reach it.
function reachTables(root) {
  for (const box of root.querySelectorAll(".md-typeset__scrollwrap")) box.tabIndex = 0;
}

nameBars(document);
reachTables(document);
new MutationObserver((records) => {
  for (const { addedNodes } of records) {
    for (const node of addedNodes) {
      // A stepper that walks fast has taken it away again.
      if (!node.isConnected) continue;
      if (node.nodeName === "DIV") reachTables(node.parentNode);
      if (node.nodeName === "NAV") nameBars(node.parentNode);
      else if (node.nodeType === Node.ELEMENT_NODE) nameBars(node);
    }
  }
}).observe(document.querySelector("article") ?? document.body, {
  childList: true,
  subtree: true,
});
