import { AzureOpenAI } from 'openai';
import { chatSdk } from './sdk-openai.js';

/** The same SDK as it addresses Azure: the deployment in the path, the key in `api-key`. */
export default chatSdk('Azure', (apiKey) => {
  const endpoint = process.env.LINTEL_URL;
  return new AzureOpenAI({ apiKey, endpoint, apiVersion: '2024-10-21', maxRetries: 0 });
});
