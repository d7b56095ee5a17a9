/* Python in a worker, for the scripts of a page: loaded when something is first asked of
   it, bounded in time, and ended at once by `stop`. */
(() => {
  const LIMIT = 60000; // milliseconds that one answer may take
  const folder = new URL(".", document.currentScript.src);

  /* data: what the site says of the worker's files.  page: `tell(words)`, `busy(yes)` and
     an element `progress`. */
  const laboratoryPython = (data, page) => {
    let worker = null;
    let ready = null;
    let number = 0;
    let asked = null; // what waits for an answer

    const hear = (said, done, fail) => {
      if (said.total) {
        page.progress.hidden = said.loaded >= said.total;
        page.progress.value = said.loaded / said.total;
        const [some, all] = [said.loaded, said.total].map((size) => (size / 1e6).toFixed(1));
        if (asked) page.tell(`Loading Python: ${some} of ${all} MB`);
      } else if (said.stage) {
        if (asked) page.tell(`${said.stage} …`);
      } else if (said.ready) done();
      else if (asked && said.number === asked.number) {
        if (said.broken) asked.reject(new Error(said.broken));
        else asked.resolve(said.result);
      } else if (said.broken) fail(new Error(said.broken));
    };

    const open = () => {
      worker = new Worker(new URL(data.worker, folder), { type: "module" });
      ready = new Promise((done, fail) => {
        worker.onmessage = ({ data: said }) => hear(said, done, fail);
        worker.onerror = (event) => fail(new Error(event.message || "the worker could not start"));
      });
      ready.catch(() => {});
      worker.postMessage({ do: "start", files: data.files, lock: data.lock, code: data.code });
    };

    const close = () => {
      worker?.terminate();
      worker = ready = null;
      page.progress.hidden = true;
    };

    const stop = (words) => {
      if (!asked) return;
      asked.reject(Object.assign(new Error(words), { stopped: true }));
      close();
      open(); // the next question finds Python ready
    };

    /* The answer; null if there is none, which the page has been told. */
    const ask = async (what) => {
      if (asked) return null;
      number += 1;
      const mine = number;
      const answer = new Promise((resolve, reject) => { asked = { number: mine, resolve, reject }; });
      let late = 0;
      page.busy(true);
      page.tell("Loading …");
      try {
        if (!worker) open();
        await Promise.race([ready, answer]);
        page.tell("Running …");
        late = setTimeout(() => stop(`It took longer than ${LIMIT / 1000} seconds and was stopped.`), LIMIT);
        worker.postMessage({ ...what, number: mine });
        return await answer;
      } catch (error) {
        if (!error.stopped) close();
        page.tell(error.stopped ? error.message : `Python has failed: ${error.message.trim().split("\n").pop()}`);
        return null;
      } finally {
        clearTimeout(late);
        asked = null;
        page.busy(false);
      }
    };

    return { ask, stop, get asked() { return asked; } };
  };

  /* Why Python cannot run here, and how to fix it; "" if it can. */
  laboratoryPython.missing = (data) => {
    if (location.protocol === "file:") {
      return "A page opened from disk may not load Python. Run “make serve” and read the book at the address it prints.";
    }
    if (!globalThis.WebAssembly || !globalThis.DecompressionStream) {
      return "The laboratory needs a browser with WebAssembly.";
    }
    if (!data.files) {
      return "This site was built without Pyodide: run “make prepare” and build it again.";
    }
    return "";
  };

  globalThis.laboratoryPython = laboratoryPython;
})();
