/* Run and Edit for the Python blocks of a page, and a box for the answer to an exercise; see
   python.js.

   A block's text is what is run, so an edit of one is seen by those below it. */
(() => {
  const data = JSON.parse(document.getElementById("lab-data").textContent);
  if (laboratoryPython.missing(data)) return; // the blocks are there to be read, as ever
  const blocks = [...document.querySelectorAll("article div.language-python.highlight")]
    .filter((block) => !block.closest("figure, .wt"));
  if (blocks.length !== data.blocks.length) throw new Error("the blocks are not those of the page");

  const make = (tag, more) => Object.assign(document.createElement(tag), more);
  const text = (block) => block.edited?.value ?? block.querySelector("code").textContent;
  let bar = null; // of what runs

  const python = laboratoryPython(data, {
    tell: (words) => { bar.status.textContent = words; },
    busy: (yes) => {
      bar.stop.hidden = !yes;
      bar.run.setAttribute("aria-disabled", String(yes));
    },
    progress: make("progress", {}),
  });

  /* What runs of the blocks above a block: of one that cannot run here, its imports. */
  const above = (n) => blocks.slice(0, n)
    .map((block, at) => (data.blocks[at].lacks ? data.blocks[at].runs : text(block)))
    .filter((body) => body.trim())
    .map((body) => `${body.trimEnd()}\n`);

  const ask = async (mine, question) => {
    if (python.asked) return;
    bar = mine;
    const answer = await python.ask({ page: data.page, ...question });
    if (!answer) return;
    mine.status.textContent = answer.failed ? mine.failed : mine.passed;
    mine.output.textContent = answer.output;
    mine.output.hidden = !answer.output;
  };

  /* Buttons, what is said beside them, and the output below. */
  const makeBar = (which, words, failed, passed) => {
    const button = (label, more = {}) => {
      const made = make("button", { type: "button", className: "lab-small", textContent: label, ...more });
      made.setAttribute("aria-label", `${label} ${which}`);
      return made;
    };
    const mine = {
      failed,
      passed,
      row: make("div", { className: "lab-bar" }),
      run: button(words),
      button,
      stop: button("Stop", { hidden: true }),
      status: make("span", { className: "lab-said" }),
      output: make("pre", { className: "lab-output", hidden: true, tabIndex: 0 }),
    };
    mine.status.setAttribute("role", "status");
    mine.output.setAttribute("role", "group");
    mine.output.setAttribute("aria-label", `Output of ${which}`);
    mine.row.append(mine.run, mine.stop, mine.status);
    mine.stop.addEventListener("click", () => python.stop("Stopped."));
    return mine;
  };

  const makeBox = (name, value, rows) => {
    const box = make("textarea", { value, rows, spellcheck: false, autocapitalize: "off", className: "lab-edit" });
    box.setAttribute("aria-label", name);
    return box;
  };

  const offerRun = (block, n) => {
    const which = `block ${n + 1}`;
    const mine = makeBar(which, "Run", "It failed.", "");
    const edit = mine.button("Edit");
    mine.run.after(edit);
    block.after(mine.row, mine.output);
    mine.run.addEventListener("click", () => ask(mine, { do: "snippet", bodies: above(n + 1) }));
    edit.addEventListener("click", () => {
      const body = text(block);
      block.edited = makeBox(`Text of ${which}`, body, body.split("\n").length);
      block.querySelector("pre").hidden = true;
      block.append(block.edited);
      block.edited.focus();
      edit.hidden = true;
    });
  };

  const offerCheck = (block, n) => {
    const item = block.closest("li");
    const which = `exercise ${[...item.parentElement.children].indexOf(item) + 1}`;
    const own = blocks.findIndex((each) => item.contains(each)); // the page's own answer
    const box = makeBox(`Your answer to ${which}`, "", 8);
    const mine = makeBar(which, "Check", "Not yet.", "Right.");
    item.querySelector("details").before(box, mine.row, mine.output);
    mine.run.addEventListener("click", () => ask(mine, {
      do: "exercise", bodies: above(own), answer: box.value, check: text(block),
    }));
  };

  blocks.forEach((block, n) => {
    const { lacks, check } = data.blocks[n];
    if (check) offerCheck(block, n);
    else if (!lacks) offerRun(block, n);
    else block.after(make("p", { className: "lab-bar", textContent: `This block does not run in the page: ${lacks}.` }));
  });
})();
