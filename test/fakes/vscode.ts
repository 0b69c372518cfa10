/** As much of VS Code as the modules of extension/vscode need in the unit tests; `loadWithVscode.ts` puts it in place. */

/** What was shown to the person, oldest first. */
export const told: string[] = [];

const tell = async (text: string): Promise<undefined> => {
  told.push(text);
};

export const window = { showErrorMessage: tell, showInformationMessage: tell };

interface Folder {
  readonly name: string;
  readonly uri: { readonly scheme: string; readonly fsPath: string };
}

/** What is open; a test sets it. */
export const workspace = {
  name: undefined as string | undefined,
  workspaceFolders: undefined as readonly Folder[] | undefined,
  isTrusted: true,
  fs: { stat: () => Promise.reject(new Error('There is no such file.')) },
};

export const Uri = { joinPath: (folder: Folder['uri'], name: string) => ({ ...folder, name }) };
