// npm run package: builds and makes the .vsix, and says what is in it.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { z } from 'zod';
import { nodePath, root } from './setUp.mjs';

const manifest: unknown = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const { name, version } = z.object({ name: z.string(), version: z.string() }).parse(manifest);
const packagePath = path.join(root, `${name}-${version}.vsix`);

const { status } = spawnSync(nodePath, ['esbuild.mjs'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
// No dependencies: esbuild has put them into dist/.
await createVSIX({ cwd: root, packagePath, dependencies: false });
console.log(`${path.basename(packagePath)}: ${(statSync(packagePath).size / 1e6).toFixed(2)} MB`);
