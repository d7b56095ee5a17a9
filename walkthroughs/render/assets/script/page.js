/* Gives the walkthroughs of a page their steppers, and handles hash, keys and load. */

/* The URL names the step, so that it can be shared.  Late, because browsers refuse to
   change it too often. */
let late = 0;
const remember = (id) => {
  clearTimeout(late);
  late = setTimeout(() => history.replaceState(null, "", `#${id}`), 250);
};

const steppers = new WeakMap();

/* What opens the tab that something is in. */
const opener = (root) => {
  const tab = root.closest(".tabbed-block");
  const inputs = tab?.closest(".tabbed-set").querySelectorAll(":scope > input");
  return inputs?.[[...tab.parentElement.children].indexOf(tab)];
};

const reveal = () => {
  const id = decodeURIComponent(location.hash.slice(1));
  const root = home(id);
  if (root) equip(root);
  const stepper = steppers.get(root);
  if (!stepper || !stepper.jump || !stepper.jump(id)) return;
  // The browser opens the list to show the step there.
  root.querySelector(".wt-all").open = false;
  opener(root)?.click();
  const tall = stepper.stage.offsetHeight > innerHeight * 0.9;
  stepper.stage.scrollIntoView({ block: tall ? "start" : "center" });
  stepper.stage.focus({ preventScroll: true });
};

const equip = (root) => {
  eye.unobserve(root);
  if (steppers.has(root)) return;
  if (root.querySelector(".wt-way")) steppers.set(root, new RoundTrip(root));
  if (root.querySelector(".wt-pairs tbody tr")) steppers.set(root, new Pairs(root));
  if (!unpacked(root)?.querySelector(".wt-step")) return;
  steppers.set(root, new Stepper(root));
};

/* What is near gets its stepper: a chapter has ten of them, some in tabs. */
const eye = new IntersectionObserver(
  (seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) equip(target);
  },
  { rootMargin: "100%" },
);

/* With reduced motion, scrolling prose does not move the stepper. */
const narrate = () => {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const words of document.querySelectorAll(".beside[data-walk]")) {
    const roots = words.dataset.walk.split(" ").map((id) => document.getElementById(id));
    if (roots.includes(null) || steppers.has(words)) continue;
    const eye = new IntersectionObserver(
      ([{ isIntersecting }]) => {
        if (!isIntersecting) return;
        eye.disconnect();
        new Narrative(words, roots);
      },
      { rootMargin: "50%" },
    );
    eye.observe(words);
    steppers.set(words, null);
  }
};

const all = () => document.querySelectorAll(".wt");

const start = () => {
  // At once if it can be seen, so that nothing moves below it.
  const seen = [...all()].filter((root) => {
    const { top, bottom } = root.getBoundingClientRect();
    return bottom > top && top < innerHeight;
  });
  for (const root of all()) eye.observe(root);
  // Unless the URL names a step, which may be elsewhere.
  if (!home(decodeURIComponent(location.hash.slice(1)))) seen.forEach(equip);
  narrate();
  reveal();
};

/* Arrow keys that nothing else uses walk the stepper in view. */
const shown = (stage) => {
  const { top, bottom } = stage.closest(".wt").getBoundingClientRect();
  return Math.min(bottom, innerHeight) - Math.max(top, 0);
};
document.addEventListener("keydown", (event) => {
  const own = event.target.closest(".wt-choice, .wt-listing");
  const free = event.target === document.body || own;
  if (!free || !/^(Arrow(Left|Right)|\?)$/.test(event.key)) return;
  const stages = [...document.querySelectorAll(".wt-stage")];
  const most = stages.sort((a, b) => shown(b) - shown(a))[0];
  if (most && shown(most) > 0) most.dispatchEvent(new KeyboardEvent("keydown", event));
});
// A page that adds a walkthrough later says so.
document.addEventListener("walkthroughs", start);
addEventListener("hashchange", reveal);
// Once more: only now has the browser scrolled to the hash.
addEventListener("load", () => requestAnimationFrame(reveal));

// Now, for what is above this script, before the theme begins its own work.
start();
if (window.document$) window.document$.subscribe(start);
else document.addEventListener("DOMContentLoaded", start);
