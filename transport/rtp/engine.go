//go:build !js

package rtp

import (
	"fmt"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"github.com/sealcam/sealcam/internal/silence"
)

const (
	payloadType  = 96
	clockRate    = 90000
	reportEvery  = 5 * time.Second // RFC 3550 §6.2; each slot costs a packet, used or not
	farewell     = 200 * time.Millisecond
	replayWindow = 1024 // packets; pion's 64 loses what is sent again after a burst (DESIGN §4 rule 5)
)

// vp8 is the only codec offered. NACK and reports on packets are its only feedback: without PLI and FIR a browser does not ask for key frames that the look
// alike could never give it.
var vp8 = webrtc.RTPCodecParameters{
	RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType:     webrtc.MimeTypeVP8,
		ClockRate:    clockRate,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: webrtc.TypeRTCPFBNACK}, {Type: webrtc.TypeRTCPFBTransportCC}},
	},
	PayloadType: payloadType,
}

// connection is a peer connection that can be ended in short time.
type connection struct {
	*webrtc.PeerConnection
	sockets *sockets
}

// end closes the connection, telling the peer, and waits until nothing of it runs any more.
func (c *connection) end() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.GracefulClose() // fails when the peer went first, and is done all the same
	}()
	patience := time.NewTimer(farewell)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
		c.sockets.cancel()
		<-done
	}
}

// newConnection makes a peer connection with the settings that both native ends share.
func newConnection(servers []webrtc.ICEServer, loopback bool, adjust func(*webrtc.SettingEngine), interceptors ...interceptor.Factory) (*connection, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterCodec(vp8, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, fmt.Errorf("rtp: register codec: %w", err)
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, fmt.Errorf("rtp: register extension: %w", err)
	}
	registry := &interceptor.Registry{}
	sent, err := report.NewSenderInterceptor(report.SenderInterval(reportEvery))
	if err != nil {
		return nil, fmt.Errorf("rtp: sender reports: %w", err)
	}
	got, err := report.NewReceiverInterceptor(report.ReceiverInterval(reportEvery))
	if err != nil {
		return nil, fmt.Errorf("rtp: receiver reports: %w", err)
	}
	for _, i := range append(interceptors, sent, got) {
		registry.Add(i)
	}
	sockets, err := newSockets()
	if err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{LoggerFactory: silence.Factory{}}
	settings.SetNet(sockets)
	settings.SetSRTPReplayProtectionWindow(replayWindow)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	// A browser hides its addresses behind names that only multicast DNS resolves (RFC 8828 mode 3). On one machine its checks reach
	// our loopback candidate anyway, and port 5353 stays out of it.
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeQueryOnly)
	if loopback {
		settings.SetIncludeLoopbackCandidate(true)
		settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	}
	if adjust != nil {
		adjust(&settings)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{ICEServers: servers})
	if err != nil {
		return nil, fmt.Errorf("rtp: peer connection: %w", err)
	}
	return &connection{pc, sockets}, nil
}
