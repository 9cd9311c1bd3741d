package pairing

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	// ExporterLabel and ExporterSize are what both ends ask of session's Export for the proofs of a claim.
	ExporterLabel = "claim v1"
	ExporterSize  = 32

	proofKeyLabel    = "sealcam claim proof v1"
	viewerProofLabel = "sealcam claim viewer v1"
	agentProofLabel  = "sealcam claim agent v1"
)

// Proof shows knowledge of a Secret in one session.
type Proof [sha256.Size]byte

// ViewerProof returns the claimant's proof: HMAC-SHA-256, under a key derived from the secret, of label, exporter, device key and agent
// key. exporter is ExporterSize bytes of the session.
func ViewerProof(secret Secret, exporter []byte, viewer identity.DevicePublic, agent identity.AgentPublic) Proof {
	return prove(viewerProofLabel, secret, exporter, viewer, agent)
}

// AgentProof returns the agent's answer. Its label differs, so that neither proof can be sent back as the other.
func AgentProof(secret Secret, exporter []byte, viewer identity.DevicePublic, agent identity.AgentPublic) Proof {
	return prove(agentProofLabel, secret, exporter, viewer, agent)
}

// VerifyViewerProof reports whether proof is ViewerProof of the rest, in constant time.
func VerifyViewerProof(proof []byte, secret Secret, exporter []byte, viewer identity.DevicePublic, agent identity.AgentPublic) bool {
	want := ViewerProof(secret, exporter, viewer, agent)
	return verify(proof, want, exporter)
}

// VerifyAgentProof reports whether proof is AgentProof of the rest, in constant time.
func VerifyAgentProof(proof []byte, secret Secret, exporter []byte, viewer identity.DevicePublic, agent identity.AgentPublic) bool {
	want := AgentProof(secret, exporter, viewer, agent)
	return verify(proof, want, exporter)
}

func verify(proof []byte, want Proof, exporter []byte) bool {
	// Without its exporter a proof would be good in every session.
	return hmac.Equal(proof, want[:]) && len(exporter) == ExporterSize
}

func prove(label string, secret Secret, exporter []byte, viewer identity.DevicePublic, agent identity.AgentPublic) (p Proof) {
	mac := hmac.New(sha256.New, derive(secret[:], proofKeyLabel, sha256.Size))
	for _, part := range [][]byte{[]byte(label), exporter, viewer.Bytes(), agent.Bytes()} {
		mac.Write(part)
	}
	mac.Sum(p[:0])
	return p
}
