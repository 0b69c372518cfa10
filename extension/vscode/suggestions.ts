import * as vscode from 'vscode';

const exists = async (folder: vscode.Uri, name: string): Promise<boolean> => {
  try {
    await vscode.workspace.fs.stat(vscode.Uri.joinPath(folder, name));
    return true;
  } catch {
    return false;
  }
};

const testFiles = ['package.json', 'pyproject.toml', 'Cargo.toml', 'go.mod', 'pom.xml', 'Makefile'];

/** Three things to try in this folder, made from what lies in it. */
export const suggestionsFor = async (folder: vscode.Uri | undefined): Promise<readonly string[]> => {
  if (folder === undefined) return [];
  const [hasTests, hasGit, hasReadme] = await Promise.all([
    Promise.all(testFiles.map((name) => exists(folder, name))).then((found) => found.includes(true)),
    exists(folder, '.git'),
    exists(folder, 'README.md'),
  ]);
  return [
    'Explain how this folder is organised and where to start reading.',
    hasTests
      ? 'Run the tests and find out why any of them fail.'
      : 'Find the riskiest code here and say why.',
    hasGit
      ? 'Review my uncommitted changes.'
      : hasReadme
        ? 'Check the README against the code.'
        : 'Write a README for this folder.',
  ];
};
