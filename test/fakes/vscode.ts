/** As much of VS Code as the modules of extension/vscode need in the unit tests; `loadWithVscode.ts` puts it in place. */

/** What was shown to the person, oldest first. */
export const told: string[] = [];

const tell = async (text: string): Promise<undefined> => {
  told.push(text);
};

export const window = { showErrorMessage: tell, showInformationMessage: tell };
