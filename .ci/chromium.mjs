// Unpack the Chromium of the npm package @sparticuz/chromium below a folder: the program,
// the libraries and the fonts that a machine without a desktop lacks.
import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const home = process.argv[2];
const packed = join(home, "node_modules", "@sparticuz", "chromium", "bin");
const place = join(home, "chromium");
mkdirSync(place, { recursive: true });

const unpack = (name, to) =>
  pipeline(
    createReadStream(join(packed, `${name}.br`)),
    createBrotliDecompress(),
    createWriteStream(to, { mode: 0o755 }),
  );

await unpack("chromium", join(place, "chromium"));
for (const name of ["al2023.tar", "fonts.tar", "swiftshader.tar"]) {
  const archive = join(place, name);
  await unpack(name, archive);
  execFileSync("tar", ["-xf", archive, "-C", place]);
}
writeFileSync(
  join(home, "bin", "chromium"),
  `#!/bin/sh
LD_LIBRARY_PATH="${place}/lib:$LD_LIBRARY_PATH"
FONTCONFIG_PATH="\${FONTCONFIG_PATH:-${place}/fonts}"
export LD_LIBRARY_PATH FONTCONFIG_PATH
exec "${place}/chromium" "$@"
`,
  { mode: 0o755 },
);
