// Asks the site's own search: node ... SITE QUERY...; prints query -> pages, best first.
//
// It runs the worker that the browser runs, on the index that the browser loads.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";

const SETUP = 0;
const QUERY = 2;

const [site, ...queries] = process.argv.slice(2);
const folder = join(site, "assets/javascripts/workers");
const [worker] = readdirSync(folder).filter((name) => /^search\..*\.js$/.test(name));
const index = readFileSync(join(site, "search/search_index.json"), "utf8");

let listener;
let answer;
const scope = createContext({
  console,
  addEventListener: (_, added) => { listener = added; },
  postMessage: (message) => answer(message),
});
scope.self = scope;
runInContext(readFileSync(join(folder, worker), "utf8"), scope);

const ask = (type, data) => new Promise((resolve) => {
  answer = resolve;
  listener({ data: { type, data } });
});

await ask(SETUP, { ...JSON.parse(index), options: { suggest: false } });
const found = {};
for (const query of queries) {
  const { data } = await ask(QUERY, query);
  found[query] = data.items.map(([best]) => best.location.split("#")[0]);
}
console.log(JSON.stringify(found));
