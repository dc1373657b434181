// Which language a page speaks: the first of the browser's that we know.
const spoken = ["en", "fr", "es"];
export const language = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((code) => spoken.includes(code)) ?? "en";
// Numbers and dates as the person writes them, if their region is of this language.
export const locale = navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;

// say() for the words `all`, {language: {key: text}}: {x} in a text is filled in.
export function speaker(all) {
  return (key, values = {}) => {
    const text = all[language][key] ?? all.en[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  };
}
