export declare const root: string;
export declare const nodePath: string;
export declare const workbenchFolder: string;
export declare const toolEnvironment: () => NodeJS.ProcessEnv;
export declare const findChromium: () => string | undefined;
export declare const ensureDependencies: () => Promise<void>;
export declare const ensureChromium: () => Promise<string>;
export declare const ensureWorkbench: () => Promise<string>;
