/** A new skill that works at once, and is changed from there. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { InputError } from '../core/agents.ts';
import { reasonOf } from '../core/reasonOf.ts';
import type { SkillCatalog } from '../core/skills.ts';
import type { WorkspaceRoot } from '../core/workspace.ts';
import { type SkillRuntime, skillRuntimes } from '../shared/skill.ts';
import { parse } from './commandInput.ts';
import { withoutIcons } from './words.ts';

const namePattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const schema = z.object({
  name: z.string().max(64).regex(namePattern),
  description: z.string().trim().min(1).max(1_024),
  runtime: z.enum(skillRuntimes),
  where: z.enum(['workspace', 'user']),
});
export type NewSkill = z.infer<typeof schema>;

export const nameProblem = (name: string): string | undefined => {
  if (name.length > 64) return 'At most 64 characters.';
  return namePattern.test(name)
    ? undefined
    : 'Small letters and digits, with single - between them: my-skill.';
};

const programs: Record<SkillRuntime, { readonly file: string; readonly text: string }> = {
  python: {
    file: 'run.py',
    text: `"""Reads its arguments as JSON from standard input and prints Markdown."""
import json
import os
import sys

arguments = json.load(sys.stdin)
folder = arguments.get("folder", ".")
try:
    names = sorted(os.listdir(folder))
except OSError as error:
    sys.exit(f"The folder {folder} cannot be read: {error.strerror}")

print(f"**{len(names)}** entries in \`{folder}\`\\n")
for name in names[:20]:
    print(f"- {name}")
`,
  },
  node: {
    file: 'run.mjs',
    text: `// Reads its arguments as JSON from standard input and prints Markdown.
import { readdirSync, readFileSync } from 'node:fs';

const { folder = '.' } = JSON.parse(readFileSync(0, 'utf8'));
try {
  const names = readdirSync(folder).sort();
  console.log(\`**\${names.length}** entries in \\\`\${folder}\\\`\\n\`);
  for (const name of names.slice(0, 20)) console.log(\`- \${name}\`);
} catch (error) {
  console.error(\`The folder \${folder} cannot be read: \${error.message}\`);
  process.exit(1);
}
`,
  },
  shell: {
    file: 'run.sh',
    text: `#!/bin/sh
# Arguments come as JSON on standard input; a shell cannot read it, so this program has none. It prints Markdown.
cat > /dev/null
echo "**$(ls | wc -l | tr -d ' ')** entries in this folder"
echo
ls | head -n 20 | sed 's/^/- /'
`,
  },
};

const schemaOf = (runtime: SkillRuntime): string =>
  runtime === 'shell'
    ? `    arguments:
      type: object
      properties: {}
`
    : `    # A JSON Schema of what the program reads as JSON on its standard input.
    arguments:
      type: object
      properties:
        folder:
          type: string
          description: Folder below the open one; left out, the open one itself.
      additionalProperties: false
`;

/** Its files, by name. Pure. */
export const scaffold = ({
  name,
  description,
  runtime,
}: Omit<NewSkill, 'where'>): Readonly<Record<string, string>> => {
  const { file, text } = programs[runtime];
  // A JSON text is a YAML text, whatever stands in it.
  const quoted = JSON.stringify(description);
  return {
    'skill.yaml': `name: ${name}
# What it does, and when to use it: agents choose by this.
description: ${quoted}
version: 0.1.0
# Phrases in a message, *.ext of files, or /regular expressions/ by which it is offered.
triggers: []
runtime: ${runtime}
entries:
  - name: list
    description: Lists what is in a folder. Replace it by what your skill does.
    file: ${file}
${schemaOf(runtime)}    output: markdown
# sandbox: in a container or not at all; flexible: on this computer where there is no engine, after a question.
mode: flexible
# More than the default has to be granted by whoever uses it: image, memory, cpus, timeout, network, exec_tmp.
sandbox:
  network: false
  workspace: ro
`,
    'README.md': `# ${name}

${description}

People read this, and agents do once they use the skill: say when it helps, and how.

## list

Lists what is in a folder of the workspace.
`,
    [file]: text,
  };
};

const exists = (folder: string): Promise<boolean> =>
  access(folder).then(
    () => true,
    () => false,
  );

export const createSkillScaffold = (ports: {
  readonly catalog: Pick<SkillCatalog, 'refresh'>;
  roots(): Promise<readonly WorkspaceRoot[]>;
  isTrusted(): boolean;
  /** Absolute path of the home folder. */
  readonly home: string;
}) => {
  const askWhat = async (): Promise<NewSkill | undefined> => {
    const title = 'Create a skill';
    const name = await vscode.window.showInputBox({
      title,
      prompt: 'Its name, which is also how it is called: /name',
      placeHolder: 'release-notes',
      ignoreFocusOut: true,
      validateInput: nameProblem,
    });
    if (name === undefined) return undefined;
    const description = await vscode.window.showInputBox({
      title,
      prompt: 'What it does and when to use it: agents choose by this',
      placeHolder: 'Writes release notes from commits. Use it when a release is prepared.',
      ignoreFocusOut: true,
      validateInput: (value) => (value.trim() === '' ? 'Say what it does.' : undefined),
    });
    if (description === undefined) return undefined;
    const runtimes = [
      { label: 'Python', runtime: 'python' as const },
      { label: 'Node.js', runtime: 'node' as const },
      { label: 'Shell', runtime: 'shell' as const },
    ];
    const language = await vscode.window.showQuickPick(runtimes, {
      title,
      placeHolder: 'What its program is written in',
    });
    if (language === undefined) return undefined;
    const [root] = ports.isTrusted() ? await ports.roots() : [];
    const places = [
      ...(root === undefined
        ? []
        : [
            {
              label: 'In this workspace',
              detail: withoutIcons(path.join(root.path, '.anycowork', 'skills')),
              where: 'workspace' as const,
            },
          ]),
      {
        label: 'For me, everywhere',
        detail: path.join(ports.home, '.anycowork', 'skills'),
        where: 'user' as const,
      },
    ];
    const place = await vscode.window.showQuickPick(places, { title, placeHolder: 'Where it is kept' });
    return place === undefined
      ? undefined
      : parse(schema, { name, description, runtime: language.runtime, where: place.where });
  };

  const folderOf = async ({ name, where }: NewSkill): Promise<string> => {
    if (where === 'user') return path.join(ports.home, '.anycowork', 'skills', name);
    const [root] = await ports.roots();
    if (root === undefined)
      throw new InputError(
        'No folder is open, so there is no workspace to put the skill into. Open one, or keep it for yourself.',
      );
    if (!ports.isTrusted())
      throw new InputError(
        'This workspace is not trusted, so its skills are not used. Trust it first, or keep the skill for yourself.',
      );
    return path.join(root.path, '.anycowork', 'skills', name);
  };

  return {
    /** @returns absolute path of its folder; undefined when the person thought better of it */
    createSkill: async (given?: unknown): Promise<string | undefined> => {
      const wanted = given === undefined || given === null ? await askWhat() : parse(schema, given);
      if (wanted === undefined) return undefined;
      const folder = await folderOf(wanted);
      if (await exists(folder))
        throw new InputError(
          `There is something in ${folder} already. Nothing was written. Choose another name.`,
        );
      try {
        await mkdir(folder, { recursive: true });
        for (const [file, text] of Object.entries(scaffold(wanted))) {
          const mode = file.endsWith('.sh') ? 0o755 : 0o644;
          // Not over what has come there meanwhile.
          await writeFile(path.join(folder, file), text, { flag: 'wx', mode });
        }
      } catch (error) {
        throw new InputError(
          `The skill could not be written to ${folder}: ${reasonOf(error)}. What is there of it was kept; remove it before you try again.`,
        );
      }
      ports.catalog.refresh();
      await vscode.commands.executeCommand('anycowork.skills.focus');
      await vscode.window.showTextDocument(vscode.Uri.file(path.join(folder, 'skill.yaml')), {
        preview: false,
      });
      return folder;
    },
  };
};
