// Unpack the Chromium of the npm package @sparticuz/chromium below a folder: the program,
// and the libraries that a machine without a desktop lacks. Its fonts are those of the
// npm package dejavu-fonts-ttf, and whatever the machine has.
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
for (const name of ["al2023.tar", "swiftshader.tar"]) {
  const archive = join(place, name);
  await unpack(name, archive);
  execFileSync("tar", ["-xf", archive, "-C", place]);
}
writeFileSync(
  join(place, "fonts.conf"),
  `<?xml version="1.0"?>
<fontconfig>
  <dir>${join(home, "node_modules", "dejavu-fonts-ttf", "ttf")}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${place}/fonts-cache</cachedir>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
</fontconfig>
`,
);
writeFileSync(
  join(home, "bin", "chromium"),
  `#!/bin/sh
LD_LIBRARY_PATH="${place}/lib:$LD_LIBRARY_PATH"
FONTCONFIG_FILE="\${FONTCONFIG_FILE:-${place}/fonts.conf}"
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec "${place}/chromium" "$@"
`,
  { mode: 0o755 },
);
