/** Eighteen skills as a public marketplace has them: what people really write into them, and binary files. */

/** As long as the longest description that is published, and longer than the standard allows. */
const longDescription =
  `Builds with the API: chat, tools, files. Use when: ${'a question about it comes up, '.repeat(50)}`.slice(
    0,
    1_068,
  );

const lines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `Line ${index + 1}.`).join('\n');

const binary = (...start: number[]): Uint8Array =>
  Uint8Array.from({ length: 5_000 }, (_, index) => start[index] ?? (index * 7919) % 256);

/** The front matter of each skill as people wrote it, and its body. */
export const descriptions: Record<string, string> = {
  'algorithmic-art':
    '---\nname: algorithmic-art\ndescription: Makes art with code. Use this when: users ask for it.\nlicense: Complete terms in LICENSE.txt\n---\n\n# Art\n',
  'brand-guidelines': '\uFEFF---\nname: brand-guidelines\ndescription: Colours and fonts.\n---\n# Brand\n',
  'canvas-design':
    '---\r\nname: canvas-design\r\ndescription: "Posters: in .png and .pdf"\r\nlicense: Complete terms in LICENSE.txt\r\n---\r\n\r\n# Canvas\r\n',
  'claude-api': `---\nname: claude-api\ndescription: ${longDescription}\n---\n${lines(620)}`,
  'doc-coauthoring':
    '---\nname: doc-coauthoring\ndescription: >\n  Guides through\n  writing together.\n---\n# Docs\n',
  docx: '---\nname: docx\ndescription: "Reads and writes documents (.docx)"\nlicense: Proprietary. LICENSE.txt has complete terms\n---\n# DOCX\n',
  'frontend-design':
    '---\nname: frontend-design\ndescription: Designs pages.\nmodel: inherit\ncontext: fork\n---\n# Design\n',
  'internal-comms':
    "---\nname: internal-comms\ndescription: 'Writes reports: it''s for companies.'\n---\n# Comms\n",
  'mcp-builder':
    '---\nname: mcp-builder\ndescription: Builds servers (Python: FastMCP, Node: SDK).\nargument-hint: [service] [language]\n---\n# MCP\n',
  pdf: '---\nname: pdf\ndescription: Reads, merges and fills forms. When the user says "fill in this form": use it.\n---\n# PDF\n',
  pptx: '---\nname: pptx\ndescription: "Slides."\nmetadata:\n  version: 1.0\n  nested:\n    more: [1, 2]\n---\n# PPTX\n',
  'skill-creator': `---\nname: skill-creator\ndescription: Makes skills.\nhooks:\n  Stop: []\n---\n${lines(510)}`,
  'slack-gif-creator': '---\nname: slack-gif-creator\ndescription: Makes GIFs — small ones. 🎉\n---\n# GIF\n',
  'template-skill':
    '---\nname: Template Skill\ndescription: Replace with a description.\n---\n\n# Insert instructions below\n',
  'theme-factory': '---\n\nname: theme-factory\n# ten themes\ndescription: Themes.\n\n---\n# Themes\n',
  'web-artifacts-builder':
    '---\nname: web-artifacts-builder\ndescription: Builds pages.\nallowed-tools: Bash(npm:*), Read\n---\n# Web\n',
  'webapp-testing':
    '---\nname: webapp-testing\ndescription: Tests pages.\nuser-invocable: "true"\n---\n# Tests\n',
  xlsx: '\n---\nname: xlsx\ndescription: |\n  Spreadsheets: .xlsx, .csv\n---\n---\n# XLSX\n',
};

export const extraFiles: Record<string, string | Uint8Array> = {
  'canvas-design/canvas-fonts/A-Regular.ttf': binary(0, 1, 0, 0),
  'canvas-design/canvas-fonts/A-Bold.ttf': binary(0, 1, 0, 1),
  'theme-factory/theme-showcase.pdf': binary(0x25, 0x50, 0x44, 0x46),
  'web-artifacts-builder/scripts/init-artifact.sh': '#!/bin/bash\n',
  'web-artifacts-builder/scripts/shadcn-components.tar.gz': binary(0x1f, 0x8b),
  'docx/scripts/office/unpack.py': 'print(1)\n',
  'docx/scripts/office/schemas/a/b.xsd': '<x/>',
  'docx/scripts/__init__.py': '',
  'xlsx/scripts/recalc.py': 'print(1)\n',
  'skill-creator/scripts/quick_validate.py': 'print(1)\n',
  'pdf/FORMS.md': '# Forms\n',
  'algorithmic-art/LICENSE.txt': 'License',
};
