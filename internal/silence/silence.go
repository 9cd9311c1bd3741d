// Package silence keeps pion's libraries from writing to standard error: addresses and parts of session descriptions stand in their messages.
package silence

import "github.com/pion/logging"

// Factory is a logging.LoggerFactory whose loggers say nothing.
type Factory struct{}

// NewLogger returns a logger that says nothing.
func (Factory) NewLogger(string) logging.LeveledLogger { return logger{} }

type logger struct{}

func (logger) Trace(string)          {}
func (logger) Tracef(string, ...any) {}
func (logger) Debug(string)          {}
func (logger) Debugf(string, ...any) {}
func (logger) Info(string)           {}
func (logger) Infof(string, ...any)  {}
func (logger) Warn(string)           {}
func (logger) Warnf(string, ...any)  {}
func (logger) Error(string)          {}
func (logger) Errorf(string, ...any) {}
