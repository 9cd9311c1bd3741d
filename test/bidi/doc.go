// Package bidi is a small client of WebDriver BiDi, with which tests drive Firefox: it sends commands, gives their results back and passes
// events on. It knows no command by name.
//
// It follows W3C WebDriver BiDi, https://w3c.github.io/webdriver-bidi/, §3 (protocol) and §6.1 (the WebSocket); it may import the standard
// library and nhooyr.io/websocket.
package bidi
