// Compiles the sources of the page's src/signin, and the React entry, into dist: ES modules with types.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const web = join(here, '..');
const work = mkdtempSync(join(tmpdir(), 'sign-in-'));
try {
  // One directory, so that relative imports are the same in the sources and in dist.
  cpSync(join(web, 'src/signin'), join(work, 'src'), { recursive: true });
  cpSync(join(here, 'react.tsx'), join(work, 'src/react.tsx'));
  symlinkSync(join(web, 'node_modules'), join(work, 'node_modules'));
  const config = JSON.parse(readFileSync(join(web, 'tsconfig.json'), 'utf8'));
  Object.assign(config.compilerOptions, { noEmit: false, declaration: true, jsx: 'react-jsx', outDir: join(here, 'dist'), rootDir: 'src' });
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
  rmSync(join(here, 'dist'), { recursive: true, force: true });
  execFileSync(process.execPath, [join(web, 'node_modules/typescript/bin/tsc'), '-p', work], { stdio: 'inherit' });
} finally {
  rmSync(work, { recursive: true });
}
cpSync(join(web, '../LICENSE'), join(here, 'LICENSE')); // whoever gets the package gets the licence
// Node and browsers resolve no extension.
for (const name of readdirSync(join(here, 'dist'))) {
  const file = join(here, 'dist', name);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(from '|import\(')(\.\/[\w-]+)'/g, "$1$2.js'"));
}
