//go:build js

// Package dom fills in the page's templates: HTML elements found by their data-part, changed only where something differs, so that
// focus, selection and what a screen reader reads stay where they are. All text goes in as text, never as markup.
//
// It imports syscall/js only.
package dom
