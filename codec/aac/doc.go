// Package aac reads AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1), which says how to decode an AAC stream, and ADTS headers (§1.A.2). It
// decodes no sound. All input is taken for hostile. It imports codec and the standard library.
package aac
