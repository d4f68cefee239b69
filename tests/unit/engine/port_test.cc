#include "engine/port.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include "engine/port_setup.h"
#include "tests/unit/engine/engine_fixture.h"

namespace tapdeck::engine {
namespace {

TEST(Port, AVirtualDeviceOpensReceivesAndCloses) {
  test_eal();
  Result<Port> port =
      Port::open({.name = "one", .device = "net_null1,size=64", .mbuf_count = 2'047});
  ASSERT_TRUE(port) << port.error().message;
  rte_mbuf* packets[8];
  ASSERT_EQ(rte_eth_rx_burst(port->port_id(), 0, packets, 8), 8);
  rte_pktmbuf_free_bulk(packets, 8);
  EXPECT_EQ(port->statistics().packets, 8U);
  port->close();
  port->close();
  EXPECT_EQ(port->port_id(), kNoPort);
  EXPECT_EQ(port->statistics().packets, 8U) << "what came stays counted";
}

TEST(Port, ADeviceIsExchangedUnderTheSamePool) {
  test_eal();
  Result<Port> port = Port::open(
      {.name = "again", .device = "net_null6,size=64", .rx_queue_count = 2, .mbuf_count = 2'047});
  ASSERT_TRUE(port) << port.error().message;
  const rte_mempool* pool = port->pool();
  rte_mbuf* packets[8];
  for (std::uint64_t turn = 1; turn <= 3; ++turn) {
    ASSERT_EQ(rte_eth_rx_burst(port->port_id(), 1, packets, 8), 8);
    rte_pktmbuf_free_bulk(packets, 8);
    EXPECT_EQ(port->statistics().packets, 8 * turn);
    EXPECT_EQ(port->statistics().queues.at(1).packets, 8 * turn);
    port->take_away();
    EXPECT_EQ(port->port_id(), kNoPort);
    const Result<bool> opened = port->reopen();
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(port->pool(), pool);
  }
  EXPECT_EQ(port->look_at_link(1), LinkState::kUp);
  EXPECT_FALSE(port->can_reopen()) << "it is not gone";
}

TEST(Port, WhatIsMissingIsSaidInASentence) {
  test_eal();
  const Result<Port> pci = Port::open({.name = "gone", .device = "0000:ff:1f.7"});
  ASSERT_FALSE(pci);
  EXPECT_EQ(pci.error().code, ErrorCode::kNotFound);
  EXPECT_NE(pci.error().message.find("0000:ff:1f.7"), std::string::npos);
  const Result<Port> vdev =
      Port::open({.name = "veth", .device = "net_af_packet7,iface=no_such_interface"});
  ASSERT_FALSE(vdev);
  EXPECT_NE(vdev.error().message.find("no network interface \"no_such_interface\""),
            std::string::npos);
  EXPECT_FALSE(Port::open({.name = "big", .device = "net_null2", .mtu = 9'001}));
  EXPECT_FALSE(Port::open({.name = "wide", .device = "net_null3", .rx_queue_count = 5'000}));
}

TEST(Port, APacketSocketGetsARingWhereNoneIsDescribed) {
  const auto arguments = [](const std::string& device, std::uint16_t mtu) {
    return device_arguments({.device = device, .mtu = mtu});
  };
  EXPECT_EQ(arguments("net_af_packet0,iface=eth1,qpairs=2", 1'500),
            "iface=eth1,qpairs=2,blocksz=1048576,framesz=8192,framecnt=16384");
  EXPECT_EQ(arguments("net_af_packet0,iface=eth1", 9'000),
            "iface=eth1,blocksz=1048576,framesz=16384,framecnt=8192");
  EXPECT_EQ(arguments("net_af_packet0,iface=eth1,framecnt=16", 1'500), "iface=eth1,framecnt=16");
  EXPECT_EQ(arguments("net_null0", 1'500), "");
  EXPECT_EQ(arguments("net_null0,size=64", 1'500), "size=64");
}

TEST(Port, RingPortsCarryWhatAFeederEnqueues) {
  test_eal();
  Result<Port> port =
      Port::make_ring_port({.name = "ring", .queue_count = 2, .ring_size = 64, .mbuf_count = 63});
  ASSERT_TRUE(port) << port.error().message;
  ASSERT_EQ(port->rings().size(), 2U);
  EXPECT_TRUE(port->has_notes());
  rte_mbuf* packet = rte_pktmbuf_alloc(port->pool());
  ASSERT_EQ(rte_ring_enqueue(port->rings()[1], packet), 0);
  rte_mbuf* received = nullptr;
  EXPECT_EQ(rte_eth_rx_burst(port->port_id(), 0, &received, 1), 0);
  ASSERT_EQ(rte_eth_rx_burst(port->port_id(), 1, &received, 1), 1);
  EXPECT_EQ(received, packet);
  rte_pktmbuf_free(received);
}

TEST(Port, SeveralQueuesAreWorkedOnByTheirOwnWorkers) {
  test_eal();
  Result<Port> port =
      Port::open({.name = "two", .device = "net_null4,size=64", .rx_queue_count = 2});
  ASSERT_TRUE(port) << port.error().message;
  EXPECT_EQ(port->spreading(), "2 queues, symmetric RSS");
  std::uint64_t packets = 0;
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    Result<WorkerRings> rings =
        WorkerRings::create({.worker = static_cast<std::uint16_t>(40 + queue),
                             .chunk_count = 4,
                             .chunk_slots = 8,
                             .small_messages = 63,
                             .large_messages = 7});
    ASSERT_TRUE(rings) << rings.error().message;
    Result<Worker> worker = Worker::create({.index = queue,
                                            .sources = {make_source(*port, queue)},
                                            .streams_max = 64,
                                            .claims_max = 64,
                                            .calls_max = 16},
                                           *rings);
    ASSERT_TRUE(worker) << worker.error().message;
    worker->step({kStartNs, kStartNs});
    const WorkerCounters& counters = worker->counters();
    EXPECT_GT(counters.rx_packets.value(), 0U);
    std::uint64_t classes = 0;
    for (const Counter& counter : counters.classes) classes += counter.value();
    EXPECT_EQ(classes, counters.rx_packets.value());
    packets += counters.rx_packets.value();
  }
  EXPECT_EQ(port->statistics().packets, packets);
}

TEST(PortSetup, ADeviceThatNamesOnlyItsLargestFrameGetsAnMtuThatFits) {
  rte_eth_dev_info info{};
  info.min_mtu = 68;
  info.max_mtu = UINT16_MAX;
  info.max_rx_pktlen = 1'518;
  EXPECT_EQ(receive_configuration({.mtu = 2'000}, info).rxmode.mtu, 1'500U);
  EXPECT_EQ(receive_configuration({.mtu = 1'400}, info).rxmode.mtu, 1'400U);
}

TEST(PortSetup, SeveralQueuesGetSymmetricHashingAndLongFramesScatter) {
  rte_eth_dev_info info{};
  info.min_mtu = 68;
  info.max_mtu = 9'600;
  info.flow_type_rss_offloads = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_UDP;
  info.hash_key_size = 52;
  info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER;
  const rte_eth_conf conf = receive_configuration({.rx_queue_count = 4, .mtu = 9'000}, info);
  EXPECT_EQ(conf.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS);
  EXPECT_EQ(conf.rx_adv_conf.rss_conf.rss_hf, info.flow_type_rss_offloads);
  ASSERT_EQ(conf.rx_adv_conf.rss_conf.rss_key_len, 52);
  for (int i = 0; i < 52; i += 2) {
    EXPECT_EQ(conf.rx_adv_conf.rss_conf.rss_key[i], 0x6d);
    EXPECT_EQ(conf.rx_adv_conf.rss_conf.rss_key[i + 1], 0x5a);
  }
  EXPECT_NE(conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER, 0U);
  EXPECT_EQ(describe_spreading({.rx_queue_count = 4}, info, conf),
            "4 queues, symmetric RSS, but not by TCP");
  info.hash_key_size = 200;
  EXPECT_EQ(describe_spreading(
                {.rx_queue_count = 4}, info, receive_configuration({.rx_queue_count = 4}, info)),
            "4 queues, no RSS: its hash key of 200 bytes is longer than ours");
  info.flow_type_rss_offloads = 0;
  info.hash_key_size = 0;
  EXPECT_EQ(describe_spreading(
                {.rx_queue_count = 4}, info, receive_configuration({.rx_queue_count = 4}, info)),
            "4 queues, no RSS: the device shares packets out by itself");
  EXPECT_EQ(describe_spreading({.rx_queue_count = 1}, info, conf), "");
  const rte_eth_conf single = receive_configuration({.rx_queue_count = 1}, info);
  EXPECT_EQ(single.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
}

}  // namespace
}  // namespace tapdeck::engine
