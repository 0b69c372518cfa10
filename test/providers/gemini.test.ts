import { providerContract } from './contract.ts';
import { geminiWire } from './wires/gemini.ts';

providerContract(geminiWire);
