/**
 * Pictures of every state, to look at: `node test/webview/gallery.ts FOLDER [STATE ...]` writes
 * FOLDER/STATE-WIDTH-THEME.png.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Harness } from './harness.ts';
import { states } from './states.ts';
import { themes } from './themes.ts';

const [folder = '/tmp/anycowork-gallery', ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const harness = await Harness.start();
try {
  for (const { name, messages, act } of states.filter(
    (state) => names.length === 0 || names.includes(state.name),
  )) {
    for (const theme of themes) {
      for (const width of [250, 300, 420]) {
        const shown = await harness.show({ theme, width });
        await shown.push(...messages);
        await act?.(shown);
        await shown.page.waitForTimeout(400);
        await shown.page.screenshot({ path: path.join(folder, `${name}-${width}-${theme.name}.png`) });
        const problems = await shown.problems();
        if (problems.length > 0) console.log(name, width, theme.name, problems);
      }
    }
  }
} finally {
  await harness.close();
}
