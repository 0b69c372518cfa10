/** What a tool does, in a word before what it does it to. */
const verbs: Readonly<Record<string, string>> = {
  read_file: 'Read',
  list_directory: 'List',
  find_files: 'Find',
  search_text: 'Search',
  write_file: 'Write',
  edit_file: 'Edit',
  move_file: 'Move',
  delete_file: 'Delete',
  run_command: 'Run',
  use_skill: 'Use skill',
  read_skill_file: 'Read',
  run_skill: 'Run skill',
  diagnostics: 'Check',
};

/** `Read`, `Run`; the tool's own name where there is no verb for it. */
export const verbOf = (tool: string): string => verbs[tool] ?? tool;
