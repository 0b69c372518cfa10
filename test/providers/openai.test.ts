import { providerContract } from './contract.ts';
import { openaiWire } from './wires/openai.ts';

providerContract(openaiWire);
